import { spawn } from "node:child_process";
import { held, judge } from "./held.ts";

const before = { handles: 30, mib: 100 };
const GOOD = { level: "info", code: "validation-failed", msg: "request failed" };
const BAD = { level: "error", code: "internal", msg: "request failed" };
const lines = (...some: object[]) => some.map((line) => JSON.stringify(line));

test("nothing is found where nothing is wrong", () => {
  expect(judge(lines(GOOD, GOOD), undefined, before, { handles: 40, mib: 150 })).toEqual([]);
});

test.each([
  ["an unclassified error", lines(GOOD, BAD), undefined, before, /1 unclassified errors.*internal/],
  ["a process that ended", lines(GOOD), 1, before, /ended with 1/],
  ["a process that ended well", lines(GOOD), 0, before, /ended with 0/],
  ["a process that was killed", lines(GOOD), "SIGSEGV", before, /ended with SIGSEGV/],
  ["handles that stay", lines(GOOD), undefined, { ...before, handles: 51 }, /handles/],
  ["memory that stays", lines(GOOD), undefined, { ...before, mib: 201 }, /memory/],
])("%s is found", (_name, log, ended, after, found) => {
  expect(judge(log, ended, before, after)).toEqual([expect.stringMatching(found)]);
});

test("each fault is found beside the others", () => {
  expect(judge(lines(BAD, BAD), 1, before, { handles: 500, mib: 5_000 })).toHaveLength(4);
});

test("what a process holds is read from the kernel", async () => {
  const child = spawn("sleep", ["60"]);
  await new Promise((resolve) => child.once("spawn", resolve));
  const { handles, mib } = held(child);
  expect(handles).toBeGreaterThanOrEqual(3);
  expect(mib).toBeGreaterThanOrEqual(0);
  const gone = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGKILL");
  await gone;
});
