import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "@jest/globals";

const go = (...args: string[]) =>
  spawnSync("go", args, { cwd: join(import.meta.dirname, "supervisor"), encoding: "utf8" });

test("the supervisor's own tests, in Go", () => {
  expect(go("vet", ".").stderr).toBe("");
  const { stdout, status } = go("test", "-v", ".");
  expect(stdout.match(/--- PASS/g)?.length).toBeGreaterThan(10);
  expect({ status, stdout: status === 0 ? "" : stdout }).toEqual({ status: 0, stdout: "" });
}, 120_000);
