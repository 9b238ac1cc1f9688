import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { hashOfInputs } from "./inputs.ts";

describe("the hash of an image's inputs", () => {
  const root = mkdtempSync(join(tmpdir(), "media-inputs-"));
  mkdirSync(join(root, "service/src/node_modules"), { recursive: true });
  writeFileSync(join(root, "package.json"), "{}");
  writeFileSync(join(root, "service/src/main.ts"), "1");
  const hash = (...extra: string[]) => hashOfInputs(root, ["package.json", "service", ".npmrc"], extra);
  const before = hash();

  test("stays when nothing that goes into the image changes", () => {
    writeFileSync(join(root, "service/src/main.test.ts"), "a test");
    writeFileSync(join(root, "service/src/node_modules/x.js"), "installed");
    writeFileSync(join(root, "README.md"), "words");
    expect(hash()).toBe(before);
  });

  test("changes with a file's content, with a new file and with the base image", () => {
    expect(hash("node@sha256:2")).not.toBe(before);
    writeFileSync(join(root, "service/src/main.ts"), "2");
    const changed = hash();
    expect(changed).not.toBe(before);
    writeFileSync(join(root, ".npmrc"), "x=1");
    expect(hash()).not.toBe(changed);
  });
});
