import { execFile } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "@jest/globals";

const MAIN = join(import.meta.dirname, "../main.ts");

function verb(...args: string[]): Promise<{ code: number; err: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [MAIN, ...args], (error, _, err) => resolve({ code: Number(error?.code ?? 0), err }));
  });
}

test.each([
  [["tune", "--stack", "prod"], "is not tuned by trying"],
  [["tune", "--rate", "fast"], "RATE=fast is not a number"],
  [["profile", "--kind", "cpu", "--target", "postgres"], "KIND=sql"],
  [["profile", "--kind", "massif"], "needs a command"],
])("%j is refused with exit code 2, the remedy and no stack trace", async (args, words) => {
  const { code, err } = await verb(...args);
  expect(code).toBe(2);
  expect(err).toContain(words);
  expect(err).toContain("remedy:");
  expect(err).not.toContain("    at ");
});
