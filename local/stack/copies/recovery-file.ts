import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { UserError } from "../../lib/errors.ts";
import { writeChanged } from "../../lib/files.ts";
import { DATA } from "../../lib/paths.ts";

const KEY_BYTES = 32;

const store = z.strictObject({
  endpoint: z.url(),
  bucket: z.string(),
  region: z.string(),
  accessKey: z.string(),
  secretKey: z.string(),
  caPem: z.string().optional(),
});

/** What brings a lost state back, beside the backup store: to be kept elsewhere, as a key is. */
const schema = z.strictObject({
  schema: z.literal("media-recovery/1"),
  /** 32 bytes as base64url: opens the copies of the states. */
  key: z.base64url().refine((text) => Buffer.from(text, "base64url").length === KEY_BYTES, "must be 32 bytes"),
  /** How the backup store of each stack is reached. */
  stores: z.record(z.string(), store),
});

export type RecoveryFile = z.infer<typeof schema>;
export type StoreOfStack = z.infer<typeof store>;

/** Not among the cluster's data: it has to outlive them. */
export const recoveryFileOf = (cluster: string) => join(DATA, "recovery", `${cluster}.json`);

/** @throws UserError where it is not there, or is no such file */
export async function readRecoveryFile(file: string): Promise<RecoveryFile> {
  const wrong = (why: string) =>
    new UserError(`${file}: ${why}`, "`make up` writes it; it should have been kept elsewhere: RECOVERY=file");
  if (!existsSync(file)) throw wrong("there is no such file");
  try {
    return schema.parse(JSON.parse(await readFile(file, "utf8")));
  } catch (error) {
    throw wrong(`it is no recovery file: ${error instanceof z.ZodError ? z.prettifyError(error) : String(error)}`);
  }
}

/** Adds how a stack's store is reached. @returns the key, and whether the file is another one than before */
export async function rememberStore(file: string, stack: string, access: unknown) {
  const before = existsSync(file) ? await readRecoveryFile(file) : undefined;
  const key = before?.key ?? randomBytes(KEY_BYTES).toString("base64url");
  const after = schema.parse({
    schema: "media-recovery/1",
    key,
    stores: { ...before?.stores, [stack]: access },
  });
  const text = (content: RecoveryFile | undefined) => `${JSON.stringify(content, null, 2)}\n`;
  await writeChanged(file, text(after));
  return { key: keyOf(after), isNew: text(before) !== text(after) };
}

export const keyOf = ({ key }: RecoveryFile): Uint8Array => Buffer.from(key, "base64url");
