import { existsSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import type { Layout } from "../cluster/layout.ts";
import { pulumiFolder } from "./environment.ts";
import { locks, unlock } from "./locks.ts";
import type { Stack } from "./pulumi.ts";

let stack: Stack;
let folder: string;

beforeEach(() => {
  stack = { layout: { dir: mkdtempSync(join(tmpdir(), "media-locks-")) } as Layout, name: "dev" };
  folder = join(pulumiFolder(stack.layout), ".pulumi/locks/organization/media-platform/dev");
  mkdirSync(folder, { recursive: true });
});

afterEach(() => rmSync(stack.layout.dir, { recursive: true }));

const lockOf = (pid: number) => JSON.stringify({ pid, username: "root", hostname: "h", timestamp: "2026-01-01" });

test("a lock names its holder, and a live one is not removed", async () => {
  writeFileSync(join(folder, "a.json"), lockOf(process.pid));
  expect((await locks(stack)).map(({ pid }) => pid)).toEqual([process.pid]);
  await expect(unlock(stack, () => {})).rejects.toThrow(`being changed by process ${process.pid}`);
  expect(existsSync(join(folder, "a.json"))).toBe(true);
});

test("of a lock that is half written nobody is named: it goes when it is old, and stays while it is fresh", async () => {
  const [old, fresh] = ["a.json.17f.tmp", "b.json.180.tmp"].map((name) => join(folder, name)) as [string, string];
  for (const file of [old, fresh]) writeFileSync(file, "{");
  utimesSync(old, 1, 1);
  await unlock(stack, () => {});
  expect([existsSync(old), existsSync(fresh)]).toEqual([false, true]);
});
