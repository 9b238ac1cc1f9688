import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { asUserError, UserError } from "./errors.ts";
import { run } from "./run.ts";

const folder = mkdtempSync(join(tmpdir(), "run-"));
const script = (text: string, log = join(folder, "log")) =>
  run({ subject: "tool x", doing: "building", command: ["sh", "-c", text], log, remedy: "look" }, () => {}).then(
    () => undefined,
    (error: unknown) => asUserError(error),
  );

test("a step that ends well is logged and says nothing", async () => {
  expect(await script("echo built")).toBeUndefined();
  expect(readFileSync(join(folder, "log"), "utf8")).toContain("built");
});

test("a step that fails names itself, its last line, the log and the remedy", async () => {
  const error = await script("echo no room >&2; exit 3");
  expect(error).toBeInstanceOf(UserError);
  expect(String(error)).toContain(`tool x: building failed: exit 3 (no room)\n  log: ${folder}/log\n  remedy: look`);
});

test("a step whose program finds the disk full says so, wherever in its output that stands", async () => {
  const error = await script("cat /dev/zero > /dev/full; echo and so on >&2; exit 1");
  expect(String(error)).toMatch(/No space left on device\)\n.*\n {2}remedy: the disk is full/);
});

test("a full disk under the log ends in an error with the remedy, not in a crash", async () => {
  const error = await script("head -c 200000 /dev/zero | tr '\\0' x; echo; echo end", "/dev/full");
  expect(error).toBeInstanceOf(UserError);
  expect(String(error)).toMatch(/no space left on device.*\/dev\/full.*\n {2}remedy: the disk is full/);
});

test("a bug stays one", () => {
  const bug = Object.assign(new Error("missing"), { code: "ENOENT" });
  expect(asUserError(bug)).toBe(bug);
});
