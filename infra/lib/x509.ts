import { createPrivateKey, createPublicKey, hkdfSync, type KeyObject } from "node:crypto";
import { p256 } from "@noble/curves/nist.js";
import { AsnConvert, OctetString } from "@peculiar/asn1-schema";
import * as x509 from "@peculiar/asn1-x509";

/** What a certificate says. Two equal subjects under one seed give the same certificate, to the last byte. */
export interface CertificateSpec {
  commonName: string;
  /** DNS names and IPv4 addresses the certificate is valid for. @default none */
  names?: readonly string[];
  /** An authority may sign others, and nothing else. @default false */
  authority?: boolean;
  /** Validity, ISO dates at midnight UTC. */
  notBefore: string;
  notAfter: string;
}

export interface KeyPair {
  scalar: Uint8Array;
  privateKey: KeyObject;
}

const ECDSA_WITH_SHA256 = "1.2.840.10045.4.3.2";
const SERVER_AUTH = "1.3.6.1.5.5.7.3.1";
const KEY_INFO = "media-platform certificate key: ";

/**
 * A P-256 key that is a pure function of the seed and the label. 48 bytes are taken and reduced, as FIPS 186-5 A.2.1
 * asks, so that the bias is negligible.
 */
export function deriveKey(seed: Uint8Array, label: string): KeyPair {
  const wide = Buffer.from(hkdfSync("sha384", seed, "", KEY_INFO + label, 48)).toString("hex");
  const order = p256.Point.Fn.ORDER;
  const scalar = Buffer.from(((BigInt(`0x${wide}`) % (order - 1n)) + 1n).toString(16).padStart(64, "0"), "hex");
  const point = p256.getPublicKey(scalar, false);
  const part = (from: number) => Buffer.from(point.subarray(from, from + 32)).toString("base64url");
  const jwk = { kty: "EC", crv: "P-256", d: scalar.toString("base64url"), x: part(1), y: part(33) };
  return { scalar, privateKey: createPrivateKey({ key: jwk, format: "jwk" }) };
}

/** The certificate of `key`, signed by `issuerKey`; RFC 6979 makes the signature deterministic too. */
export function signCertificate(spec: CertificateSpec, key: KeyPair, issuerName: string, issuerKey: KeyPair): string {
  const algorithm = new x509.AlgorithmIdentifier({ algorithm: ECDSA_WITH_SHA256 });
  const tbs = new x509.TBSCertificate({
    version: x509.Version.v3,
    serialNumber: serialOf(spec, issuerKey),
    signature: algorithm,
    issuer: nameOf(issuerName),
    subject: nameOf(spec.commonName),
    validity: new x509.Validity({ notBefore: new Date(spec.notBefore), notAfter: new Date(spec.notAfter) }),
    subjectPublicKeyInfo: AsnConvert.parse(publicDer(key), x509.SubjectPublicKeyInfo),
    extensions: new x509.Extensions(extensionsOf(spec, key, issuerKey)),
  });
  const tbsDer = new Uint8Array(AsnConvert.serialize(tbs));
  const signature = p256.sign(tbsDer, issuerKey.scalar, { format: "der", lowS: false });
  const certificate = new x509.Certificate({
    tbsCertificate: tbs,
    signatureAlgorithm: algorithm,
    signatureValue: Uint8Array.from(signature).buffer,
  });
  return pem("CERTIFICATE", AsnConvert.serialize(certificate));
}

export function privateKeyPem(key: KeyPair): string {
  return key.privateKey.export({ type: "pkcs8", format: "pem" }).toString();
}

function publicDer(key: KeyPair): Buffer {
  return createPublicKey(key.privateKey).export({ type: "spki", format: "der" });
}

/** Two certificates of one authority need different serial numbers; one certificate always has the same. */
function serialOf(spec: CertificateSpec, issuerKey: KeyPair): ArrayBuffer {
  const serial = new Uint8Array(hkdfSync("sha256", issuerKey.scalar, "", JSON.stringify(spec), 16));
  // Positive, and without a leading zero byte that DER would forbid.
  serial[0] = ((serial[0] ?? 0) & 0x7f) | 0x40;
  return serial.buffer;
}

function keyIdentifier(key: KeyPair): OctetString {
  return new OctetString(new Uint8Array(hkdfSync("sha256", publicDer(key), "", "key identifier", 20)));
}

function nameOf(commonName: string): x509.Name {
  const value = new x509.AttributeValue({ utf8String: commonName });
  const attribute = new x509.AttributeTypeAndValue({ type: "2.5.4.3", value });
  return new x509.Name([new x509.RelativeDistinguishedName([attribute])]);
}

function extensionsOf(spec: CertificateSpec, key: KeyPair, issuerKey: KeyPair): x509.Extension[] {
  const flags = x509.KeyUsageFlags;
  const usage = spec.authority ? flags.keyCertSign | flags.cRLSign : flags.digitalSignature;
  const constraints = new x509.BasicConstraints(spec.authority ? { cA: true, pathLenConstraint: 0 } : {});
  const always = [
    extension(x509.id_ce_basicConstraints, true, constraints),
    extension(x509.id_ce_keyUsage, true, new x509.KeyUsage(usage)),
    extension(x509.id_ce_subjectKeyIdentifier, false, new x509.SubjectKeyIdentifier(keyIdentifier(key).buffer)),
    extension(
      x509.id_ce_authorityKeyIdentifier,
      false,
      new x509.AuthorityKeyIdentifier({ keyIdentifier: new x509.KeyIdentifier(keyIdentifier(issuerKey).buffer) }),
    ),
  ];
  if (spec.authority) return always;
  const names = (spec.names ?? []).map(generalName);
  return [
    ...always,
    extension(x509.id_ce_extKeyUsage, false, new x509.ExtendedKeyUsage([SERVER_AUTH])),
    extension(x509.id_ce_subjectAltName, false, new x509.SubjectAlternativeName(names)),
  ];
}

function generalName(name: string): x509.GeneralName {
  const isAddress = /^\d+\.\d+\.\d+\.\d+$/.test(name);
  return new x509.GeneralName(isAddress ? { iPAddress: name } : { dNSName: name });
}

function extension(extnID: string, critical: boolean, value: object): x509.Extension {
  return new x509.Extension({ extnID, critical, extnValue: new OctetString(AsnConvert.serialize(value)) });
}

function pem(label: string, der: ArrayBuffer): string {
  const lines =
    Buffer.from(der)
      .toString("base64")
      .match(/.{1,64}/g) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ""].join("\n");
}
