import { expect, test } from "@jest/globals";
import { runScript, SCRIPT_SECONDS } from "./scripts.fixtures.ts";

/** The drill of the schedule, with PostgreSQL and pgBackRest of Debian. */

interface Simulated {
  passed: boolean;
  failure?: string;
  tableDropped?: { exact: boolean; controlFails: boolean };
  allLost?: { rowsLost: number; controlFails: boolean };
  rtoSeconds?: number;
  rpoSeconds?: number;
}

test(
  "a dropped table and a lost database come back, each check fails where it must, and nothing is left",
  () => {
    const result = runScript<Simulated>("simulation");
    expect(result).toMatchObject({
      status: 0,
      passed: true,
      tableDropped: { exact: true, controlFails: true },
      allLost: { rowsLost: 0, controlFails: true },
      rpoSeconds: 0,
      left: [],
    });
    expect(result.rtoSeconds).toBeGreaterThan(0);
  },
  SCRIPT_SECONDS * 1000,
);

test(
  "negative control: with WAL archiving silently broken after the backup, the same drill fails",
  () => {
    // PostgreSQL is told that each segment is archived.
    const broken = `
import laboratory
archive_all = laboratory.Laboratory.archive_all
def silently(lab):
    if lab.repository.backups():
        lab.sql("ALTER SYSTEM SET archive_command = '/bin/true'")
        lab.sql("SELECT pg_reload_conf()")
    archive_all(lab)
start = laboratory.Laboratory.start
def started(lab):
    start(lab)
    laboratory.Laboratory.archive_all = silently
laboratory.Laboratory.start = started`;
    const { status, passed, failure, left } = runScript<Simulated>("simulation", [], broken);
    expect({ status, passed, failure, left }).toEqual({
      status: 1,
      passed: false,
      failure: "target-invalid",
      left: [],
    });
  },
  SCRIPT_SECONDS * 1000,
);
