import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { ledgerHash } from "@media/drills/ledger";
import { BACKUP_METRICS, DRILL_METRICS } from "@media/drills/metric-names";
import { tiers } from "../config/tiers.ts";
import { dataHandles } from "../data/handles.ts";
import { continuousDrillPlan } from "./continuous-drill.plan.ts";
import { restoreProofPlan } from "./restore-proof.plan.ts";

const SCRIPTS = join(import.meta.dirname, "scripts");
const store = {
  endpoint: "https://store:9000",
  bucket: "media-dev",
  region: "us-east-1",
  accessKey: "k",
  secretKey: "s",
};
const data = dataHandles({
  login: { user: "media_0a1b2c3d", password: "p" },
  passwords: { superuser: "s", redisCache: "c", redisState: "t", responder: "r" },
});
const pushgateway = { link: "pushgateway:http", host: "pushgateway", port: 9091 } as const;
const plan = restoreProofPlan({ sizes: tiers.small, backups: store, data, pushgateway });

/** Runs Python with the scripts as modules. */
function python(code: string): string {
  const env = { ...process.env, PYTHONPATH: SCRIPTS, PYTHONDONTWRITEBYTECODE: "1" };
  return execFileSync("/usr/bin/python3", ["-c", code], { encoding: "utf8", env }).trim();
}

test("a new backup is proved within half an hour: two runs begin in that time", () => {
  const [, minutes] = /^\*\/(\d+) /.exec(plan.schedule.cron) ?? [];
  expect(Number(minutes) * 2).toBeLessThanOrEqual(30);
});

test("the proof restores into the pod's own scratch volume, and its links are what it uses", () => {
  expect(plan.volumes?.scratch).toMatchObject({ type: "scratch", path: plan.env?.SCRATCH_FOLDER });
  expect(plan.connectsTo).toEqual([
    "external-backup-store",
    "pgbouncer:pgbouncer",
    "postgres:postgresql",
    "pushgateway:http",
  ]);
});

test("the drill of the schedule has no secret and no way to the stack's data, and runs once a day at least in each tier", () => {
  for (const sizes of Object.values(tiers)) {
    const drill = continuousDrillPlan({ sizes, pushgateway });
    expect([drill.secrets, drill.connectsTo]).toEqual([undefined, ["pushgateway:http"]]);
    const [, hours = "", ...days] = drill.schedule.cron.split(" ");
    expect([hours, days]).toEqual([expect.stringMatching(/^(\d+(,\d+)*|\*\/\d+)$/), ["*", "*", "*"]]);
  }
});

test("every script is in the pod", () => {
  const there = readdirSync(SCRIPTS).filter((name) => name.endsWith(".py"));
  expect(Object.keys(plan.files?.scripts?.data ?? {}).sort()).toEqual(there.sort());
});

test("the pushed metrics have the names that rules and drills read", () => {
  const pushed = readFileSync(join(SCRIPTS, "pushgateway.py"), "utf8");
  for (const name of [...Object.values(BACKUP_METRICS), ...Object.values(DRILL_METRICS)])
    expect(pushed).toContain(`"${name}"`);
});

test("the ledger's hash is the same here and in drills/", () => {
  expect(python("import ledger; print(ledger.hash_of('0' * 64, 7, 'Amélie'))")).toBe(
    ledgerHash("0".repeat(64), 7, "Amélie"),
  );
});

test("a restored ledger may lack only rows that are newer than what was recovered", () => {
  const rows = "[ledger.Row(n, '', str(n), '', 100.0 * n) for n in range(1, 4)]";
  const check = (restored: string, recoveredTo: number) =>
    python(`import ledger
from failure import Failure
rows = ${rows}
try:
    print(ledger.check_against(rows, ${restored}, ${recoveredTo}))
except Failure as failure:
    print(failure.text)`);
  expect(check("rows", 400)).toBe("0");
  expect(check("rows[:2]", 290)).toBe("1");
  expect(check("rows[:2]", 320)).toContain("row 3 of the ledger is missing, although it was written 20.0 s before");
  expect(check("[ledger.Row(1, '', 'other', '', 100.0)]", 90)).toContain("is not the live one");
});

test("a proof is due for a new backup, after a failure, and when the last one is old", () => {
  const due = (last: string, stop: number | string) =>
    python(`import proof; print(proof.is_due(${last}, ${stop}, 3600, 10000))`);
  const proved =
    "{'backup_proof_passed': 1.0, 'backup_proved_completed_timestamp_seconds': 5000.0, 'backup_last_proof_timestamp_seconds': 9000.0}";
  expect(due("{}", "None")).toBe("True");
  expect(due(proved, 5000)).toBe("False");
  expect(due(proved, 6000)).toBe("True");
  expect(due(`{**${proved}, 'backup_proof_passed': 0.0}`, 5000)).toBe("True");
  expect(due(`{**${proved}, 'backup_last_proof_timestamp_seconds': 6000.0}`, 5000)).toBe("True");
});

test("a segment is looked for on the timeline that continued there", () => {
  const missing = (segments: string[]) =>
    python(`import repository as r
from failure import Failure
backup = r.Backup("20260101-000000F", 0, 0, 0, 0, 1, "17-1", "000000010000000000000003")
archive = r.Archive(frozenset(${JSON.stringify(segments)}), frozenset([2]))
try:
    r.check_archive(backup, archive, "1\\t0/5000100\\tno recovery target specified\\n")
    print("whole")
except Failure as failure:
    print(failure.name, failure.text)`);
  const name = (timeline: number, number: number) => `${`0000000${timeline}0000000000000000`.slice(0, 22)}0${number}`;
  const whole = [name(1, 3), name(1, 4), name(1, 5), name(2, 5), name(2, 6)];
  expect(missing(whole)).toBe("whole");
  // Of a member that was promoted just now only the history file is there.
  expect(missing([name(1, 3), name(1, 4)])).toBe("whole");
  // The first timeline's own end is not needed: the second one begins with a copy of it.
  expect(missing(whole.filter((one) => one !== name(1, 5)))).toBe("whole");
  expect(missing(whole.filter((one) => one !== name(2, 5)))).toContain(
    `wal-missing 1 WAL segments are missing in the archive, the first is ${name(2, 5)}`,
  );
});
