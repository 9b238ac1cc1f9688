import { gunzipSync, gzipSync } from "node:zlib";
import type { Generations } from "@media/infra/credentials";
import { CompactEncrypt, compactDecrypt } from "jose";
import type { Resource } from "../pending.ts";

/** A resource of a state, with what it depends on. */
export interface StateResource extends Resource {
  /** Whether a provider has it, and not the program alone. */
  readonly custom?: boolean;
  readonly dependencies?: readonly string[];
  readonly propertyDependencies?: Readonly<Record<string, readonly string[]>>;
}

/** What `pulumi stack export --show-secrets` gives. */
export interface PlainState {
  readonly version: number;
  readonly deployment: Deployment;
}

export interface Deployment {
  readonly resources?: readonly StateResource[];
  /** By what the stack's own secrets are encrypted. */
  readonly secrets_providers?: unknown;
}

/** One stack in a copy. */
export interface StackCopy {
  readonly name: string;
  /** Of its credentials, beside its configuration. */
  readonly generations: Generations;
  readonly state: PlainState;
}

/** What goes into the backup store, sealed. */
export interface Copy {
  readonly schema: "media-state/1";
  /** ISO 8601. */
  readonly at: string;
  readonly stacks: readonly StackCopy[];
}

const KEPT = /^(random:|pulumi:providers:random$)/;

/**
 * The part of a state that cannot be made again: generated values, and the components that hold them. Objects of the cluster
 * are left out: where one is there, server-side apply takes it over; where it is gone, a state that names it would be wrong.
 * So is the passphrase's salt: the copy has a key of its own.
 */
export function generatedPart({ version, deployment }: PlainState): PlainState {
  const { resources = [] } = deployment;
  const kept = resources.filter(({ custom, type }) => !custom || KEPT.test(type));
  const urns = new Set(kept.map(({ urn }) => urn));
  const known = (all: readonly string[] = []) => all.filter((urn) => urns.has(urn));
  return {
    version,
    deployment: {
      resources: kept.map(({ dependencies, propertyDependencies, ...resource }) => ({
        ...resource,
        ...(dependencies && { dependencies: known(dependencies) }),
        ...(propertyDependencies && {
          propertyDependencies: Object.fromEntries(
            Object.entries(propertyDependencies).map(([name, all]) => [name, known(all)]),
          ),
        }),
      })),
    },
  };
}

/** Whether two copies would bring back the same. */
export const sameContent = (a: Copy, b: Copy) => JSON.stringify(a.stacks) === JSON.stringify(b.stacks);

/** Compressed and encrypted: a JWE in compact form (RFC 7516), `dir` with A256GCM. @param key 32 bytes */
export async function seal(copy: Copy, key: Uint8Array): Promise<Buffer> {
  const jwe = new CompactEncrypt(gzipSync(JSON.stringify(copy))).setProtectedHeader({ alg: "dir", enc: "A256GCM" });
  return Buffer.from(await jwe.encrypt(key));
}

/** @throws Error where the key is another one, or the text was changed or cut off */
export async function unseal(sealed: Buffer, key: Uint8Array): Promise<Copy> {
  const { plaintext } = await compactDecrypt(sealed.toString(), key);
  const copy = JSON.parse(gunzipSync(plaintext).toString()) as Copy;
  if (copy.schema !== "media-state/1") throw new Error(`it is of another version: ${copy.schema}`);
  return copy;
}
