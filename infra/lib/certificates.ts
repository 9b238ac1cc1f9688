import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import { FIRST, type Generation } from "../config/credentials.ts";
import type { Config } from "../config/schema.ts";
import { generate } from "./secrets.ts";
import { type CertificateSpec, deriveKey, privateKeyPem, signCertificate } from "./x509.ts";

export interface Certificate {
  certPem: pulumi.Output<string>;
  keyPem: pulumi.Output<string>;
}

/**
 * The stack's certificate authority. Certificates are pure functions of one secret seed: no state but the seed, no
 * plugin, and a second run gives the same bytes, so that nothing rolls.
 */
export class Authority {
  /** Certificates of the authorities that clients trust: of all whose seed is accepted. */
  readonly caPem: pulumi.Output<string>;
  /** Of the one that issues. */
  readonly issuerPem: pulumi.Output<string>;
  readonly #seed: pulumi.Output<string>;
  readonly #name: string;
  readonly #validity: Config["certificates"];

  constructor(stack: string, validity: Config["certificates"], generation: Generation = FIRST) {
    this.#name = `media-platform ${stack} authority`;
    this.#validity = validity;
    const seeds = generate("certificate-seed", generation, (name) =>
      pulumi.secret(new random.RandomBytes(name, { length: 32 }).base64),
    );
    this.#seed = seeds.used;
    const pems = seeds.accepted.map((seed) => seed.apply((value) => authorityPem(value, this.#name, validity)));
    this.issuerPem = pulumi.unsecret(pems[0] as pulumi.Output<string>);
    this.caPem = pulumi.unsecret(pulumi.all(pems).apply((all) => all.join("")));
  }

  /** A server certificate, renewed by the first `pulumi up` of each half-year. `names`: its DNS names and IPv4 addresses. */
  issue(server: string, names: readonly string[]): Certificate {
    const validity = leafValidity(this.#validity);
    const pair = this.#seed.apply((seed) => leafPem(seed, this.#name, server, names, validity));
    return { certPem: pulumi.unsecret(pair.apply((p) => p.certPem)), keyPem: pair.apply((p) => p.keyPem) };
  }
}

/** Browsers and Apple's clients refuse certificates that are valid for more than 398 days. */
const LEAF_DAYS = 397;
/** A stack whose last `pulumi up` is 217 days old still has a valid certificate. */
const RENEWED_AFTER_DAYS = 180;
const DAY_MS = 86_400_000;

export type Validity = Pick<CertificateSpec, "notBefore" | "notAfter">;

/** From the beginning of the period in which `asOf` lies, so that all runs of a period give the same certificate. */
export function leafValidity({ notBefore, notAfter, asOf }: Config["certificates"]): Validity {
  const begin = Date.parse(notBefore);
  const periods = Math.max(0, Math.floor((Date.parse(asOf) - begin) / (RENEWED_AFTER_DAYS * DAY_MS)));
  const from = begin + periods * RENEWED_AFTER_DAYS * DAY_MS;
  const day = (time: number) => new Date(time).toISOString().slice(0, 10);
  return { notBefore: day(from), notAfter: day(Math.min(from + LEAF_DAYS * DAY_MS, Date.parse(notAfter))) };
}

export function authorityPem(seed: string, name: string, { notBefore, notAfter }: Validity): string {
  const key = deriveKey(Buffer.from(seed, "base64"), "authority");
  return signCertificate({ commonName: name, authority: true, notBefore, notAfter }, key, name, key);
}

export function leafPem(
  seed: string,
  authority: string,
  server: string,
  names: readonly string[],
  { notBefore, notAfter }: Validity,
): { certPem: string; keyPem: string } {
  const bytes = Buffer.from(seed, "base64");
  const key = deriveKey(bytes, `server ${server}`);
  const spec = { commonName: server, names, notBefore, notAfter };
  const certPem = signCertificate(spec, key, authority, deriveKey(bytes, "authority"));
  return { certPem, keyPem: privateKeyPem(key) };
}

/** The names under which a service of the stack is reached, from inside and from the host. */
export function serverNames(service: string, namespace: string, host: string): string[] {
  const inside = [service, `${service}.${namespace}`, `${service}.${namespace}.svc`];
  return [...inside, `${service}.${namespace}.svc.cluster.local`, ...new Set(["127.0.0.1", "localhost", host])];
}
