import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "@jest/globals";

/** For tests: folders with these files, gone when the test file has ended. */
const folders: string[] = [];

export function folder(files: { [path: string]: string }): string {
  const root = mkdtempSync(join(tmpdir(), "docker-test-"));
  folders.push(root);
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(root, path, ".."), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return root;
}

afterAll(() => {
  for (const root of folders) rmSync(root, { recursive: true, force: true });
});
