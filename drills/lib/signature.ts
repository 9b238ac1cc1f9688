import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
  verify,
} from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, join } from "node:path";

/** A detached Ed25519 signature (RFC 8032), as it stands beside the file that it is of. */
export interface Signature {
  readonly algorithm: "ed25519";
  /** Of the signer: SubjectPublicKeyInfo, DER in base64. */
  readonly publicKey: string;
  /** Base64. */
  readonly signature: string;
}

/** The signer's key: the file that the variable DRILL_SIGNING_KEY names, else one of the user's own, made when it is first needed. */
export const keyFile = () =>
  process.env.DRILL_SIGNING_KEY ?? join(homedir(), ".config/media-platform/drill-signing.pem");

/** Signs text with the key in a file (PKCS #8, PEM), which is made with mode 0600 where it is missing. */
export async function signText(text: string, file = keyFile()): Promise<Signature> {
  const key = await readKey(file);
  const publicKey = createPublicKey(key).export({ type: "spki", format: "der" }).toString("base64");
  return { algorithm: "ed25519", publicKey, signature: sign(null, Buffer.from(text), key).toString("base64") };
}

async function readKey(file: string): Promise<KeyObject> {
  const there = await readFile(file, "utf8").catch(() => undefined);
  if (there !== undefined) return createPrivateKey(there);
  const { privateKey } = generateKeyPairSync("ed25519");
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  // Of two drills that begin at once, the second one takes the first one's key.
  await writeFile(file, privateKey.export({ type: "pkcs8", format: "pem" }), { mode: 0o600, flag: "wx" }).catch(
    () => {},
  );
  return createPrivateKey(await readFile(file, "utf8"));
}

/** Whether the text is what was signed. */
export function isSigned(text: string, { publicKey, signature }: Signature): boolean {
  const key = createPublicKey({ key: Buffer.from(publicKey, "base64"), type: "spki", format: "der" });
  return verify(null, Buffer.from(text), key, Buffer.from(signature, "base64"));
}

/** A public key's name for people: the first 16 hexadecimal digits of its SHA-256. */
export const fingerprintOf = ({ publicKey }: Signature) =>
  createHash("sha256").update(Buffer.from(publicKey, "base64")).digest("hex").slice(0, 16);
