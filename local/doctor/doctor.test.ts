import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, describe, expect, test } from "@jest/globals";
import { type Check, examine, exitCode, table } from "./check.ts";
import { checksFor } from "./checks.ts";
import { portsFound, stateFound } from "./cluster.ts";
import { outOfStep } from "./host.ts";
import { cgroupsOf } from "./kernel.ts";
import { isAtLeast, output, parseListeners } from "./look.ts";

const folder = mkdtempSync(join(tmpdir(), "media-doctor-"));
afterAll(() => rmSync(folder, { recursive: true }));

const check = (name: string, run: Check["run"]): Check => ({ name, wanted: "wings", run, fix: `grow-wings ${name}` });
const well = check("well", async () => ({ found: "wings", ok: true }));
const ill = check("ill", async () => ({ found: "fins", ok: false }));
const broken = check("broken", () => Promise.reject(new Error("no eyes\nand a trace")));
const hanging = check("hanging", () => new Promise(() => {}));

describe("the report", () => {
  test("shows found against wanted, and what mends each failure, of made-up checks", async () => {
    const results = await examine([well, ill, broken, hanging], 0.05);
    expect(table(results).split("\n")).toEqual([
      "      check    found                    wanted",
      "ok    well     wings                    wings",
      "FAIL  ill      fins                     wings",
      "      mend: grow-wings ill",
      "FAIL  broken   no eyes                  wings",
      "      mend: grow-wings broken",
      "FAIL  hanging  no answer within 0.05 s  wings",
      "      mend: grow-wings hanging",
      "3 of 4 checks failed",
    ]);
  });

  test("ends with 0 only when every check is well", async () => {
    expect(exitCode(await examine([well, well]))).toBe(0);
    expect(exitCode(await examine([well, ill]))).toBe(1);
    expect(exitCode(await examine([broken]))).toBe(1);
  });

  test("advises nothing where nothing is wrong", async () => {
    expect(await examine([well])).toEqual([{ name: "well", wanted: "wings", found: "wings", ok: true }]);
  });

  test("looks at everything at once", async () => {
    let looking = 0;
    let most = 0;
    const slow = check("slow", async () => {
      most = Math.max(most, ++looking);
      await new Promise((resolve) => setTimeout(resolve, 20));
      looking--;
      return { found: "wings", ok: true };
    });
    await examine([slow, slow, slow]);
    expect(most).toBe(3);
  });
});

test("every check says what it wants and what mends it, under a name of its own", () => {
  const checks = checksFor("never-made");
  expect(new Set(checks.map(({ name }) => name)).size).toBe(checks.length);
  for (const { name, wanted, fix } of checks) expect([name, wanted !== "", fix !== ""]).toEqual([name, true, true]);
});

test("as a command: JSON, exit code 1 for a cluster that is not there, and nothing changed", async () => {
  const empty = mkdtempSync(join(folder, "empty-"));
  const env = { ...process.env, XDG_DATA_HOME: join(empty, "data"), XDG_CACHE_HOME: join(empty, "cache") };
  const main = join(import.meta.dirname, "../main.ts");
  const ended = await promisify(execFile)(process.execPath, [main, "doctor", "--json", "--name", "never-made"], {
    env,
  }).then(
    ({ stdout }) => ({ code: 0, stdout }),
    ({ code, stdout }) => ({ code, stdout }),
  );
  expect(ended.code).toBe(1);
  const results = JSON.parse(ended.stdout) as { name: string; ok: boolean; found: string; fix?: string }[];
  expect(results).toContainEqual(
    expect.objectContaining({ name: "cluster never-made", ok: false, found: "not made yet", fix: "make up" }),
  );
  expect(results).toContainEqual(expect.objectContaining({ name: "tools", ok: false, fix: "make up" }));
  expect(readdirSync(empty)).toEqual([]);
});

describe("versions", () => {
  test.each([
    ["1.26", "1.26", true],
    ["1.26.3", "1.26", true],
    ["1.9.9", "1.26", false],
    ["20.0.0", "20", true],
    ["18.19.1", "20", false],
    ["2", "1.26", true],
    ["none", "1", false],
  ])("%s is at least %s: %s", (have, need, answer) => {
    expect(isAtLeast(have, need)).toBe(answer);
  });
});

describe("a command that is looked at", () => {
  test("gives its output", async () => expect(await output("echo", "x")).toBe("x"));
  test("that fails gives the last line of what it said", async () => {
    await expect(output("sh", "-c", "echo a >&2; echo b >&2; exit 3")).rejects.toThrow(/^b$/);
    await expect(output("sh", "-c", "exit 3")).rejects.toThrow("sh ended with 3");
  });
  test("that is missing is said to be", async () => {
    await expect(output("no-such-program")).rejects.toThrow("no-such-program is not there");
  });
});

describe("npm packages", () => {
  const locked = {
    "": { version: "1" },
    "node_modules/a": { version: "1" },
    "node_modules/b": { version: "2" },
    "node_modules/fits-elsewhere": { version: "3", optional: true },
    "node_modules/ours": { link: true },
    ours: { version: "0" },
  };
  test("in step", () => {
    expect(outOfStep(locked, { "node_modules/a": { version: "1" }, "node_modules/b": { version: "2" } })).toEqual([]);
  });
  test("missing, of another version, and an optional one of another version", () => {
    const installed = { "node_modules/b": { version: "1" }, "node_modules/fits-elsewhere": { version: "1" } };
    expect(outOfStep(locked, installed)).toEqual(["a", "b", "fits-elsewhere"]);
  });
});

describe("ports", () => {
  const text = [
    'LISTEN 0 4096 127.0.0.1:5800 0.0.0.0:* users:(("docker-registry",pid=11,fd=3))',
    'LISTEN 0 128 [::1]:30010 [::]:* users:(("supervisor",pid=12,fd=9))',
    "LISTEN 0 128 0.0.0.0:22 0.0.0.0:*",
  ].join("\n");
  const all = parseListeners(text);

  test("are read with their owners", () => {
    expect(all).toEqual([
      { port: 5800, process: "docker-registry", pid: 11 },
      { port: 30010, process: "supervisor", pid: 12 },
      { port: 22, process: "unknown", pid: 0 },
    ]);
  });

  test("free, ours, taken", () => {
    expect(portsFound(all, 5801, 5801, [])).toEqual({ found: "free", ok: true });
    expect(portsFound(all, 30_000, 30_299, [12])).toEqual({ found: "ours", ok: true });
    expect(portsFound(all, 5800, 5800, [12])).toEqual({ found: "5800 taken by docker-registry (11)", ok: false });
  });

  test("of a new cluster are those that it will get", async () => {
    // In a data folder of its own, so that there is no other cluster.
    const layout = JSON.stringify(join(import.meta.dirname, "../cluster/layout.ts"));
    const script = `const { clusterNames, isMade, layoutOf, portsFor } = await import(${layout});
      const taken = (name) => (({ registryPort, nodePorts }) => ({ registryPort, nodePorts }))(layoutOf(name));
      const before = [portsFor("one"), isMade("one"), clusterNames()];
      const one = taken("one");
      const two = [portsFor("two"), taken("two")];
      console.log(JSON.stringify({ before, one, two, again: portsFor("one"), made: isMade("one") }));`;
    const env = { ...process.env, XDG_DATA_HOME: mkdtempSync(join(folder, "layout-")) };
    const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "-e", script], { env });
    const first = { registryPort: 5800, nodePorts: [30_000, 30_299] };
    const second = { registryPort: 5801, nodePorts: [30_300, 30_599] };
    expect(JSON.parse(stdout)).toEqual({
      before: [first, false, []],
      one: first,
      two: [second, second],
      again: first,
      made: true,
    });
    rmSync(env.XDG_DATA_HOME, { recursive: true });
  });
});

describe("cgroups", () => {
  const made = (...entries: string[]) => {
    const root = mkdtempSync(join(folder, "cgroup-"));
    for (const name of entries) mkdirSync(join(root, name));
    return root;
  };
  test("v1", () =>
    expect(cgroupsOf(made("cpu", "cpuset", "memory", "pids", "blkio"))).toEqual({ found: "v1", ok: true }));
  test("v1 without one", () =>
    expect(cgroupsOf(made("cpu", "cpuset", "pids"))).toEqual({ found: "v1 without memory", ok: false }));
  test("v2", () => {
    const root = made();
    writeFileSync(join(root, "cgroup.controllers"), "cpuset cpu io memory hugetlb pids\n");
    expect(cgroupsOf(root)).toEqual({ found: "v2", ok: true });
    writeFileSync(join(root, "cgroup.controllers"), "cpu io memory\n");
    expect(cgroupsOf(root)).toEqual({ found: "v2 without cpuset, pids", ok: false });
  });
});

describe("a stack's state", () => {
  const state = (pending: number) => ({
    checkpoint: { latest: { pending_operations: Array.from({ length: pending }, () => ({})) } },
  });
  const alive = (pid: number) => pid === 1;
  test("well", () => {
    expect(stateFound([], state(0), alive)).toEqual({ found: "well", ok: true });
    expect(stateFound([], { checkpoint: { latest: null } }, alive)).toEqual({ found: "well", ok: true });
  });
  test("under work: what is pending is so by right", () => {
    expect(stateFound([{ pid: 1 }], state(3), alive)).toEqual({ found: "being changed by process 1", ok: true });
  });
  test("cut off", () => {
    const found = "lock of process 2, which has ended, pending operations: 3";
    expect(stateFound([{ pid: 2 }], state(3), alive)).toEqual({ found, ok: false });
    expect(stateFound([], state(1), alive)).toEqual({ found: "pending operations: 1", ok: false });
  });
});
