import type { Drill, DrillContext } from "./drill.ts";
import { type Clock, type DrillResult, secondsSince } from "./evidence.ts";
import { losePostgres } from "./faults/postgres-lost.ts";
import { compare } from "./ledger.ts";
import { readLedger, writeLedger } from "./ledger-table.ts";
import { UserError } from "./lib/errors.ts";
import { eventually } from "./lib/eventually.ts";
import { type Stack, targetOf } from "./lib/stack.ts";
import { journey } from "./verify/journey.ts";
import { inPostgres, sql } from "./verify/postgres.ts";

/** Rows whose WAL is archived before the fault, and rows that are written immediately before it. */
const ARCHIVED_ROWS = 200;
const LATE_ROWS = 20;
const BACKUP_SECONDS = 180;
const ARCHIVE_SECONDS = 60;
const JOURNEY_AFTER_SECONDS = 120;

/** Destroys the stack with its volumes and brings it up from the backup store. The RTO runs from the fault to a verified journey. */
export const recreate: Drill = {
  summary: "destroys the stack with its volumes and brings it up from the backup store",
  destroys: true,
  run,
};

async function run({ stack, program }: DrillContext, clock: Clock): Promise<DrillResult> {
  const label = `recreate ${new Date().toISOString()}`;
  await clock.time("journey before", () => journeyOnSameStack(stack));
  await clock.time("a backup in the store", () => waitForBackup(stack));
  const archived = await clock.time("ledger rows, archived", async () => {
    const rows = await writeLedger(stack, ARCHIVED_ROWS, `${label} archived`);
    await archiveAll(stack);
    return rows;
  });
  const late = await clock.time("ledger rows, just before", () => writeLedger(stack, LATE_ROWS, `${label} late`));
  const fault = performance.now();
  await clock.time("power cut", () => losePostgres(stack));
  await clock.time("destroy", () => program.destroy());
  await clock.time("recreate", () => program.up());
  // The new stack has other addresses and credentials than those that a file of outputs may name.
  const after = { ...stack, outputs: () => program.outputs() };
  await clock.time("journey after", async () => journey(await targetOf(after), JOURNEY_AFTER_SECONDS));
  const rtoSeconds = secondsSince(fault);
  const { rpoSeconds, ...loss } = compare([...archived, ...late], archived.at(-1)?.seq ?? 0, await readLedger(stack));
  return {
    passed: loss.rowsLost === 0 && loss.chainIntact,
    summary: `RTO ${rtoSeconds} s, RPO ${rpoSeconds} s, archived rows lost ${loss.rowsLost}, later rows lost ${loss.rowsLostAfterLastArchive}, chain ${loss.chainIntact ? "intact" : "broken"}`,
    rtoSeconds,
    rpoSeconds,
    findings: loss,
  };
}

/** A journey whose request must be in the database of the namespace: else outputs and cluster are of different stacks. */
async function journeyOnSameStack(stack: Stack): Promise<void> {
  const { id } = await journey(await targetOf(stack));
  const rows = await sql(stack, "primary", `select count(*) from requests where id = '${id}'`);
  if (rows !== "1")
    throw new UserError(
      `request ${id} is not in the database of namespace ${stack.namespace}: outputs and cluster do not belong together`,
      "check --context, --namespace and --outputs; nothing was destroyed",
    );
}

async function waitForBackup(stack: Stack): Promise<void> {
  await eventually("a full backup", BACKUP_SECONDS, async () => {
    const info = await inPostgres(stack, "primary", ["pgbackrest", "--stanza=main", "--output=json", "info"]);
    const [stanza] = JSON.parse(info) as { backup?: unknown[]; status: { message: string } }[];
    if (!stanza?.backup?.length) throw new Error(`pgBackRest reports: ${stanza?.status.message ?? "no stanza"}`);
  });
}

/** Closes the WAL segment and waits until it is in the store. */
async function archiveAll(stack: Stack): Promise<void> {
  const segment = await sql(stack, "primary", "select pg_walfile_name(pg_switch_wal())");
  await eventually(`WAL segment ${segment} in the store`, ARCHIVE_SECONDS, async () => {
    const last = await sql(stack, "primary", "select coalesce(last_archived_wal, '') from pg_stat_archiver");
    if (last < segment) throw new Error(`the last one archived is ${last || "none"}`);
  });
}
