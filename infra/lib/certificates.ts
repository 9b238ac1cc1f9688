import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import type { Config } from "../config/schema.ts";
import { deriveKey, privateKeyPem, signCertificate } from "./x509.ts";

export interface Certificate {
  certPem: pulumi.Output<string>;
  keyPem: pulumi.Output<string>;
}

/**
 * The stack's certificate authority. Certificates are pure functions of one secret seed: no state but the seed, no
 * plugin, and a second run gives the same bytes, so that nothing rolls.
 */
export class Authority {
  /** The authority's certificate, which clients trust. */
  readonly caPem: pulumi.Output<string>;
  readonly #seed: pulumi.Output<string>;
  readonly #name: string;
  readonly #validity: Config["certificates"];

  constructor(stack: string, validity: Config["certificates"]) {
    this.#name = `media-platform ${stack} authority`;
    this.#validity = validity;
    this.#seed = pulumi.secret(new random.RandomBytes("certificate-seed", { length: 32 }).base64);
    this.caPem = pulumi.unsecret(this.#seed.apply((seed) => authorityPem(seed, this.#name, validity)));
  }

  /** A server certificate. `names`: its DNS names and IPv4 addresses. */
  issue(server: string, names: readonly string[]): Certificate {
    const pair = this.#seed.apply((seed) => leafPem(seed, this.#name, server, names, this.#validity));
    return { certPem: pulumi.unsecret(pair.apply((p) => p.certPem)), keyPem: pair.apply((p) => p.keyPem) };
  }
}

export function authorityPem(seed: string, name: string, validity: Config["certificates"]): string {
  const key = deriveKey(Buffer.from(seed, "base64"), "authority");
  return signCertificate({ commonName: name, authority: true, ...validity }, key, name, key);
}

export function leafPem(
  seed: string,
  authority: string,
  server: string,
  names: readonly string[],
  validity: Config["certificates"],
): { certPem: string; keyPem: string } {
  const bytes = Buffer.from(seed, "base64");
  const key = deriveKey(bytes, `server ${server}`);
  const spec = { commonName: server, names, ...validity };
  const certPem = signCertificate(spec, key, authority, deriveKey(bytes, "authority"));
  return { certPem, keyPem: privateKeyPem(key) };
}

/** The names under which a service of the stack is reached, from inside and from the host. */
export function serverNames(service: string, namespace: string, host: string): string[] {
  const inside = [service, `${service}.${namespace}`, `${service}.${namespace}.svc`];
  return [...inside, `${service}.${namespace}.svc.cluster.local`, ...new Set(["127.0.0.1", "localhost", host])];
}
