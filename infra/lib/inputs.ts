import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

/** Never part of an image. */
const IGNORED = new Set(["node_modules", "coverage"]);

/** Hash of paths and contents, so that an image is built, and pods roll, only when one of them has changed. */
export function hashOfInputs(root: string, inputs: readonly string[], extra: readonly string[] = []): string {
  const hash = createHash("sha256");
  for (const text of extra) hash.update(`${text}\0`);
  for (const file of inputs.flatMap((input) => filesOf(root, input)).sort()) {
    hash
      .update(`${file}\0`)
      .update(readFileSync(join(root, file)))
      .update("\0");
  }
  return hash.digest("hex").slice(0, 16);
}

/** All files of a folder, or the file itself; an input that is not there counts as empty. */
function filesOf(root: string, path: string): string[] {
  const found = statSync(join(root, path), { throwIfNoEntry: false });
  return found ? walk(root, path, found.isDirectory()) : [];
}

function walk(root: string, path: string, isFolder: boolean): string[] {
  if (!isFolder) return path.endsWith(".test.ts") ? [] : [path];
  return readdirSync(join(root, path), { withFileTypes: true })
    .filter((entry) => !IGNORED.has(entry.name))
    .flatMap((entry) => walk(root, `${path}/${entry.name}`, entry.isDirectory()));
}
