import { expect, test } from "@jest/globals";
import { runScript, SCRIPT_SECONDS } from "./scripts.fixtures.ts";

/** The proof against damaged stores, with PostgreSQL and pgBackRest of Debian: what `make drill KIND=sabotage` runs in the stack. */

/** The damages that must be found, each by the name of a cause. */
const DAMAGES = {
  "missing WAL": "wal-missing",
  "flipped byte in WAL": "wal-damaged",
  "flipped byte": "backup-damaged",
  "half upload": "backup-damaged",
  "truncated manifest": "manifest-damaged",
  "empty backup": "backup-empty",
  "lost history file": "history-missing",
  "store unreachable": "store-unreachable",
  "wrong key": "wrong-key",
  "wrong system id": "other-database",
  "stale backup": "backup-stale",
  "clock jump": "clock-wrong",
  "full store": "archive-behind",
};

interface Case {
  readonly name: string;
  readonly expected: string;
  readonly found: string;
}

const sabotage = (args: readonly string[] = [], before = "") =>
  runScript<{ passed: boolean; cases: readonly Case[] }>("sabotage", args, before);

test(
  "every damage is found by its name, and the undamaged store raises no alarm before and after",
  () => {
    const { status, passed, cases, left } = sabotage();
    const found = Object.fromEntries(cases.map((one) => [one.name, one.found]));
    expect(found).toEqual({ "undamaged, before": "passed", ...DAMAGES, "undamaged, after": "passed" });
    expect({ status, passed, left }).toEqual({ status: 0, passed: true, left: [] });
  },
  SCRIPT_SECONDS * 1000,
);

test(
  "negative control: a proof that does not look at the archive's gaps fails the suite, which says so",
  () => {
    const blind = "import beside; beside.check_archive = lambda *_: None";
    const { status, passed, cases } = sabotage(["--only", "missing WAL"], blind);
    expect({ status, passed }).toEqual({ status: 1, passed: false });
    const wrong = cases.filter(({ expected, found }) => expected !== found);
    expect(wrong.map(({ name, expected }) => [name, expected])).toEqual([["missing WAL", "wal-missing"]]);
  },
  SCRIPT_SECONDS * 1000,
);
