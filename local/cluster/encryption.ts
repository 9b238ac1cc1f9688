import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import { writeChanged } from "../lib/files.ts";
import type { Layout } from "./layout.ts";

/** Where the API server reads how it encrypts Secrets in etcd. */
export const encryptionFile = ({ pkiDir }: Pick<Layout, "pkiDir">) => join(pkiDir, "encryption.yaml");

/**
 * Secrets are written encrypted (XSalsa20 and Poly1305). Those that an older cluster has in plain text are still read, and
 * are encrypted when they are written again.
 *
 * @param key 32 bytes as base64
 */
export function encryptionConfig(key: string): string {
  return stringify({
    apiVersion: "apiserver.config.k8s.io/v1",
    kind: "EncryptionConfiguration",
    resources: [
      {
        resources: ["secrets"],
        providers: [{ secretbox: { keys: [{ name: "first", secret: key }] } }, { identity: {} }],
      },
    ],
  });
}

/** Makes the key with the cluster. It is never made anew: without it, what etcd holds could not be read. */
export async function ensureEncryption(layout: Pick<Layout, "pkiDir">): Promise<void> {
  if (existsSync(encryptionFile(layout))) return;
  await writeChanged(encryptionFile(layout), encryptionConfig(randomBytes(32).toString("base64")));
}
