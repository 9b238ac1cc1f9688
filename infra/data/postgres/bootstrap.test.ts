import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { ScriptedPod } from "./scripted-pod.fixtures.ts";

/** What a new cluster begins from, and when it refuses to: the script itself, with programs in place of the store. */

let pod: ScriptedPod;
beforeEach(() => {
  pod = new ScriptedPod();
  pod.answer("own-restore", "");
  pod.answer("source-restore", "");
});
afterEach(() => pod.remove());

const answer = (name: string, text: string) => pod.answer(name, text);
const inPod = (name: string) => join(pod.folder, name);
const info = (code: number, more = {}) => JSON.stringify([{ name: "main", status: { code }, ...more }]);
const run = (script: string, args: string[], env = {}) => pod.run(script, args, env);
const bootstrap = (env = {}) => run("bootstrap.sh", ["--scope=postgres", `--datadir=${inPod("data")}`], env);
const SOURCE = { RESTORE_ENDPOINT: "https://source" };

test("a store with a backup: it is restored, whatever else there is to restore from", () => {
  answer("own-info", info(0));
  expect(bootstrap(SOURCE)).toMatchObject({ status: 0, asked: ["own info", "own restore"] });
});

test("a new store: empty; a store that does not answer: not empty", () => {
  answer("own-info", "[]");
  answer("own-repo-ls", "{}");
  expect(bootstrap()).toMatchObject({ status: 0, asked: ["own info", "own repo-ls", "own initdb"] });
  answer("away", "https://own/\n");
  expect(bootstrap()).toMatchObject({ status: 1, said: expect.stringContaining("does not answer") });
});

test("backups whose list is missing: refused, with what to do; one that was cut off is none", () => {
  answer("own-info", info(3));
  answer("own-repo-ls", JSON.stringify({ "20260101-000000F/backup.manifest.copy": {} }));
  expect(bootstrap().asked.at(-1)).toBe("own initdb");
  answer("own-repo-ls", JSON.stringify({ "20260101-000000F/backup.manifest": {} }));
  for (const code of [2, 3]) {
    answer("own-info", info(code));
    const { status, said, asked } = bootstrap(SOURCE);
    expect(status).toBe(1);
    expect(said).toContain("backup.info is missing");
    expect(asked.at(-1)).toBe("own repo-ls");
  }
});

test("a list that cannot be had is not an empty one", () => {
  answer("own-info", info(3));
  expect(bootstrap()).toMatchObject({ status: 1, said: expect.stringContaining("cannot be listed") });
});

test("another stack's store, where the own has nothing: restored from there, by its own configuration", () => {
  answer("own-info", info(1));
  answer("own-repo-ls", "{}");
  answer("source-info", info(0));
  expect(bootstrap(SOURCE)).toMatchObject({ status: 0, asked: expect.arrayContaining(["source restore"]) });
});

test("another stack's store without a backup, or away: refused, never empty", () => {
  answer("own-info", info(1));
  answer("own-repo-ls", "{}");
  answer("source-info", info(2));
  expect(bootstrap(SOURCE)).toMatchObject({ status: 1, said: expect.stringContaining("no usable backup") });
  answer("away", "https://source/\n");
  const { status, said, asked } = bootstrap(SOURCE);
  expect([status, said]).toEqual([1, expect.stringContaining("does not answer")]);
  expect(asked).not.toContain("own initdb");
});

test("a standby without a primary comes from the store; beside one only where that is less work", () => {
  const segment = (last: string) => `0000000100000000000000${last}`;
  const backup = { archive: { stop: segment("10") }, info: { size: 2 ** 25 }, timestamp: { stop: 1 } };
  const standby = (connection: string) =>
    run("replica-from-store.sh", [`--datadir=${inPod("data")}`, `--connstring=${connection}`]);
  answer("own-info", info(0, { backup: [backup], archive: [{ max: segment("FF") }] }));
  expect(standby("host=primary")).toMatchObject({ status: 1, said: expect.stringContaining("less work") });
  expect(standby("").asked.at(-1)).toBe("own restore");
  answer("own-info", info(0, { backup: [backup], archive: [{ max: segment("11") }] }));
  expect(standby("host=primary")).toMatchObject({ status: 0 });
});

test("the first member of a stack that follows comes from the followed store, if its own is empty", () => {
  const first = (env = SOURCE) =>
    run("replica-from-store.sh", [`--datadir=${inPod("data")}`, "--connstring=", "--origin=source"], env);
  answer("own-repo-ls", "");
  expect(first()).toMatchObject({ status: 0, asked: ["own repo-ls", "own repo-ls", "source restore"] });
  answer("own-repo-ls", "17-1\n");
  expect(first()).toMatchObject({
    status: 1,
    said: expect.stringContaining("is not empty: give a standby a new bucket"),
  });
  answer("own-repo-ls", "");
  answer("away", "https://source/\n");
  expect(first()).toMatchObject({ status: 1, said: expect.stringContaining("does not answer") });
});

test("a lost volume: from the followed store while the own has no backup, then from the own", () => {
  const again = () =>
    run("replica-from-store.sh", [`--datadir=${inPod("data")}`, "--connstring="], SOURCE).asked.at(-1);
  answer("own-info", info(1));
  expect(again()).toBe("source restore");
  answer("own-info", info(0));
  expect(again()).toBe("own restore");
});

test("what follows is told no by a store that is away, and by one that fails only after more tries", () => {
  const fetch = () => run("fetch-wal.sh", ["follow", "000000010000000000000001", "target"], SOURCE);
  const tries = () => fetch().asked.filter((one) => one === "source archive-get").length;
  answer("source-archive-get", "");
  expect(fetch()).toMatchObject({ status: 0, asked: ["source archive-get"] });
  answer("source-archive-get.status", "1");
  expect([fetch().status, tries()]).toEqual([1, 3]);
  answer("source-archive-get.status", "103");
  pod.program("bin/sleep", "#!/bin/bash\n");
  expect(tries()).toBe(6);
  answer("away", "https://source/\n");
  expect([fetch().status, tries()]).toEqual([1, 6]);
});

test("a standby that streams, or whose store is away, asks it nothing and waits for nothing", () => {
  const fetch = () => run("fetch-wal.sh", ["standby", "000000010000000000000001", "target"]);
  answer("own-archive-get", "");
  expect(fetch()).toMatchObject({ status: 0, asked: ["own archive-get"] });
  answer("streams", "");
  expect(fetch()).toMatchObject({ status: 1, asked: ["own archive-get"] });
  execFileSync("rm", [inPod("streams")]);
  answer("away", "https://own/\n");
  expect(fetch()).toMatchObject({ status: 1, asked: ["own archive-get"] });
});

test("WAL that was dropped leaves its mark, once; what is handed over, or fails, leaves none", () => {
  const push = () => run("pgbackrest-push.sh", ["pg_wal/000000010000000000000001"]);
  const mark = () => existsSync(inPod("wal-dropped"));
  answer("own-archive-push", "");
  expect([push().status, mark()]).toEqual([0, false]);
  answer("own-archive-push.status", "82");
  expect([push().status, mark()]).toEqual([82, false]);
  answer("own-archive-push.status", "0");
  answer(
    "own-archive-push",
    "P00   WARN: dropped WAL file '000000010000000000000001' because archive queue exceeded 2GB",
  );
  const { status, said } = push();
  expect([status, mark()]).toEqual([0, true]);
  expect(said).toContain("POINT-IN-TIME RECOVERY ENDS");
  const first = readFileSync(inPod("wal-dropped"), "utf8");
  push();
  expect(readFileSync(inPod("wal-dropped"), "utf8")).toBe(first);
});
