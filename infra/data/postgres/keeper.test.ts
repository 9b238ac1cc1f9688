import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { ScriptedPod } from "./scripted-pod.fixtures.ts";

/** What the keeper does in one round on a primary. */

let pod: ScriptedPod;
beforeEach(() => {
  pod = new ScriptedPod();
  pod.answer("own-stanza-create", "");
  pod.answer("own-backup", "");
  pod.answer("psql", "00000002\n");
  // It sleeps between two rounds: then the first is over, and it is told to end.
  pod.program("bin/sleep", "#!/bin/bash\nkill $PPID\n");
});
afterEach(() => pod.remove());

const NOW = Math.floor(Date.now() / 1000);
const backup = (type: string, hours: number, timeline: number, more = {}) => ({
  type,
  timestamp: { stop: NOW - hours * 3600 },
  archive: { start: `0000000${timeline}0000000000000010` },
  ...more,
});

function round(...backups: object[]) {
  pod.answer("own-info", JSON.stringify([{ name: "main", backup: backups }]));
  const env = { BACKUP_EVERY_HOURS: "6", PGDATA: pod.folder };
  const { status, said, asked } = pod.run("keeper.sh", [], env);
  expect(status).toBe(0);
  return { said, asked, newest: Math.round(statSync(join(pod.folder, "backup-newest")).mtimeMs / 1000) };
}

test("a young full backup of this timeline is enough, and the list is asked for once", () => {
  const { asked, newest } = round(backup("full", 5, 1), backup("incr", 1, 2));
  expect(asked).toEqual(["own stanza-create", "own info"]);
  expect(newest).toBe(NOW - 5 * 3600);
});

test("the first backup of a new timeline is taken, whatever the age of the full one", () => {
  const { asked, said } = round(backup("full", 1, 1));
  expect(asked).toEqual(["own stanza-create", "own info", "own backup"]);
  expect(said).toContain("the first of timeline 00000002");
});

test("a backup that failed leaves a mark for the expirer, one that ended none", () => {
  const mark = join(pod.folder, "pgbackrest-backup-failed");
  round(backup("full", 7, 2));
  expect(existsSync(mark)).toBe(false);
  pod.answer("own-backup.status", "104");
  round(backup("full", 7, 2));
  expect(existsSync(mark)).toBe(true);
});

test.each([
  ["is too old", [backup("full", 7, 2)]],
  ["failed", [backup("full", 1, 2, { error: true })]],
  ["is none", []],
])("a full backup is taken where the newest %s", (_, backups) => {
  const { asked, said } = round(...backups);
  expect(asked).toEqual(["own stanza-create", "own info", "own backup"]);
  expect(said).toContain("taking a full backup");
});
