import { createHash } from "node:crypto";
import { existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";

/** A folder among the machine's caches, made the first time that `key` is asked for. */
export async function madeOnce(
  kind: string,
  key: string | Uint8Array,
  make: (folder: string) => Promise<void> | void,
): Promise<string> {
  const caches = join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "media-platform", kind);
  const folder = join(caches, createHash("sha256").update(key).digest("hex").slice(0, 16));
  if (existsSync(folder)) return folder;
  const making = `${folder}.${process.pid}`;
  mkdirSync(dirname(making), { recursive: true });
  try {
    await make(making);
    renameSync(making, folder);
  } catch (error) {
    rmSync(making, { recursive: true, force: true });
    // Unless another process was quicker.
    if (!existsSync(folder)) throw error;
  }
  return folder;
}
