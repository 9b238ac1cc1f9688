import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { REPO } from "../lib/paths.ts";

/** Shell programs by their first line, whatever they are called. */
function shellScripts(): string[] {
  const files = execFileSync("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], {
    cwd: REPO,
    encoding: "utf8",
  });
  return files
    .split("\0")
    .filter((file) => /(^|\/)[^/.]+$|\.sh$/.test(file))
    .filter((file) => /^#!.*\b(ba)?sh\b/.test(readFileSync(join(REPO, file), "utf8").slice(0, 40)));
}

const shellcheck = (args: readonly string[], input = "") =>
  spawnSync("shellcheck", args, { cwd: REPO, encoding: "utf8", input });

test("shellcheck finds nothing in any shell script", () => {
  const scripts = shellScripts();
  expect(scripts.length).toBeGreaterThan(8);
  expect(shellcheck(["--severity=warning", ...scripts]).stdout).toBe("");
});

test("negative control: it finds an unquoted variable", () => {
  expect(shellcheck(["-s", "sh", "-"], "rm $1\n").stdout).toContain("SC2086");
});
