import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { ScriptedPod } from "./scripted-pod.fixtures.ts";

/** What the expirer does in one round on a primary. */

const ENDED = "20261129-075204F";
const UNFINISHED = "20261129-080000F";

let pod: ScriptedPod;
beforeEach(() => {
  pod = new ScriptedPod();
  pod.answer("own-expire", "");
  pod.answer("own-repo-rm", "");
  pod.answer("own-repo-ls", "");
  isBackupRunning(false);
  pod.program("bin/sleep", "#!/bin/bash\nkill $PPID\n");
});
afterEach(() => pod.remove());

const isBackupRunning = (held: boolean) =>
  pod.answer("own-info", JSON.stringify([{ name: "main", status: { lock: { backup: { held } } } }]));

/** Backups by label, and whether they ended. */
function stored(backups: Record<string, boolean>): void {
  pod.answer("own-repo-ls", `${Object.keys(backups).join("\n")}\n`);
  for (const [label, ended] of Object.entries(backups))
    pod.answer(`own-repo-ls-${label}`, ended ? "backup.manifest\n" : "");
}

function round() {
  const { status, said, asked } = pod.run("expirer.sh", []);
  expect(status).toBe(0);
  return { said, asked };
}

test("what is not kept expires", () => {
  stored({ [ENDED]: true });
  const { asked } = round();
  expect(asked.at(-1)).toBe("own expire");
  expect(asked).not.toContain("own repo-rm");
});

test("a backup that did not end is removed, alone, and the mark of the keeper with it", () => {
  writeFileSync(join(pod.folder, "pgbackrest-backup-failed"), "");
  stored({ [ENDED]: true, [UNFINISHED]: false });
  const { asked, said } = round();
  expect(asked.filter((one) => one === "own repo-rm")).toHaveLength(1);
  expect(said).toContain(`removing backup ${UNFINISHED}`);
  expect(said).not.toContain(ENDED);
  expect(existsSync(join(pod.folder, "pgbackrest-backup-failed"))).toBe(false);
});

test("the one that runs is left alone", () => {
  isBackupRunning(true);
  stored({ [UNFINISHED]: false });
  expect(round().asked).not.toContain("own repo-rm");
});

test("a store that does not answer has nothing removed", () => {
  pod.answer("own-repo-ls.status", "103");
  const { asked } = round();
  expect(asked).not.toContain("own repo-rm");
  expect(asked).not.toContain("own expire");
});

test("a member that is not the primary does nothing", () => {
  pod.answer("away", "http://127.0.0.1:8008/primary\n");
  expect(round().asked).toEqual([]);
});
