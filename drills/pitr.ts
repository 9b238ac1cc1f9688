import { DAMAGES, type Damage } from "./damages.ts";
import type { Drill, DrillContext, DrillOptions } from "./drill.ts";
import { type Clock, type DrillResult, secondsSince } from "./evidence.ts";
import { messageOf, UserError } from "./lib/errors.ts";
import { startJob } from "./lib/jobs.ts";
import { notify } from "./lib/notify.ts";
import { createSchema, type DrillSchema } from "./lib/schema.ts";
import { type Stack, targetOf } from "./lib/stack.ts";
import { archiveAll, waitForBackup } from "./verify/archive.ts";
import { sql } from "./verify/postgres.ts";

const ROWS = 500;
const LATE_ROWS = 20;
const RECOVERY_SECONDS = 1800;

/** What infra/recovery/scripts tell at their end. */
interface Recovered {
  readonly passed: boolean;
  readonly failure?: string;
  readonly text?: string;
  readonly remedy?: string;
  readonly [figure: string]: unknown;
}

/** The drills of damaged data, by their kinds: recovery to a point in time beside the live database. */
export const pointsInTime: Readonly<Record<string, Drill>> = Object.fromEntries(
  Object.entries(DAMAGES).map(([kind, damage]): [string, Drill] => [
    kind,
    {
      summary: damage.summary,
      destroys: false,
      check: (options) => void targetTimeOf(options, kind),
      run: (context, clock, options) => {
        const target = targetTimeOf(options, kind);
        return target === undefined ? mended(kind, damage, context, clock) : restoredTo(target, context, clock);
      },
    },
  ]),
);

/** @throws UserError where a target is given to a drill that has none */
export function refuseTarget({ target }: DrillOptions, kind: string): void {
  if (target !== undefined)
    throw new UserError(`a drill of kind ${kind} takes no --target`, "take KIND=pitr, or leave it out");
}

/** The time of --target in seconds since 1970. @throws UserError */
export function targetTimeOf({ target }: DrillOptions, kind: string): number | undefined {
  if (target === undefined) return undefined;
  if (kind !== "pitr") refuseTarget({ target }, kind);
  const time = /(Z|[+-]\d\d:?\d\d)$/.test(target) ? Date.parse(target) : Number.NaN;
  if (Number.isNaN(time))
    throw new UserError(
      `"${target}" is not a point in time with its zone`,
      "take ISO 8601: --target 2026-05-01T12:00:00Z, TARGET=2026-05-01T12:00:00Z",
    );
  return time / 1000;
}

/** Damages a table, restores the database of the moment before beside the live one, and mends the table from it. */
async function mended(
  kind: string,
  damage: Damage,
  { stack, report }: DrillContext,
  clock: Clock,
): Promise<DrillResult> {
  const target = await targetOf(stack);
  await clock.time("before: a backup in the store", () => waitForBackup(stack));
  const schema = await createSchema(stack);
  const copy = `${schema.name}_restored`;
  try {
    await clock.time(`before: ${ROWS} rows`, () => fill(stack, schema));
    const wanted = await stateOf(stack, schema.name);
    // The database's own clock, before the damage: a client's could be another.
    const moment = Number(await sql(stack, "primary", "select extract(epoch from clock_timestamp())"));
    const fault = performance.now();
    await clock.time(`fault: ${kind}`, () => sql(stack, "primary", damage.damage(schema.name)));
    const damaged = await clock.time("assessment: what is damaged", async () => {
      const found = await stateOf(stack, schema.name);
      if (kind !== "pitr") await late(stack, schema, kind);
      return found;
    });
    const told = await clock
      .time("notification", () => notify(target, kind, `A drill: ${kind} in ${schema.name} of ${stack.name}`))
      .catch((error: unknown) => void report(`the notification failed: ${messageOf(error)}`));
    await clock.time("activation: the WAL is archived", () => archiveAll(stack));
    const recovered = await clock.time("activation: restored beside the live database", () =>
      recover(stack, ["recover.py", "--target", String(moment), "--schema", schema.name, "--name", copy]),
    );
    await clock.time("activation: the live table is mended", () =>
      sql(stack, "primary", damage.mend(schema.name, copy)),
    );
    const rtoSeconds = secondsSince(fault);
    const [restored, now, kept] = await clock.time("validation: rows compared", () =>
      Promise.all([stateOf(stack, copy), stateOf(stack, schema.name), lateRows(stack, schema)]),
    );
    await told?.resolve().catch(() => {});
    const controlFails = damaged !== wanted;
    const exact = restored === wanted;
    const lateKept = kind === "pitr" || kept === LATE_ROWS;
    return {
      passed: exact && now === wanted && lateKept && controlFails,
      summary:
        `${kind}: the copy is ${exact ? "exactly the state" : "NOT the state"} of the moment before, the live table ` +
        `${now === wanted ? "has its rows back" : "is NOT mended"} after ${rtoSeconds} s; rows written later ` +
        `${lateKept ? "stay" : "are LOST"}; the check ${controlFails ? "finds" : "DOES NOT FIND"} the damage`,
      rtoSeconds,
      rpoSeconds: exact && lateKept ? 0 : RECOVERY_SECONDS,
      findings: { rows: ROWS, wanted, damaged, restored, now, controlFails, target: moment, recovered },
    };
  } finally {
    await schema.drop();
  }
}

/** Restores to a given time beside the live database and proves the ledger there. Nothing is damaged. */
async function restoredTo(time: number, { stack }: DrillContext, clock: Clock): Promise<DrillResult> {
  const iso = new Date(time * 1000).toISOString();
  const proved = await clock.time(`restored to ${iso}`, () =>
    recover(stack, ["proof.py", "--now", "--target", String(time)]),
  );
  return {
    passed: proved.passed,
    summary: `the database of ${iso} was restored beside the live one in ${proved.seconds} s, its ledger and pages are in order`,
    findings: { target: iso, proved },
  };
}

/** @throws UserError where the script refuses the time, or says what is wrong with the store */
async function recover(stack: Stack, command: readonly string[]): Promise<Recovered> {
  const job = await startJob(stack, command, RECOVERY_SECONDS);
  try {
    const { result } = await job.result<Recovered>();
    if (!result.passed) throw new UserError(`${result.failure}: ${result.text}`, result.remedy ?? "read the job's log");
    return result;
  } finally {
    await job.remove();
  }
}

const row = (n: string, payload: string) =>
  `${n}, ${payload}, encode(sha256(convert_to(${n} || E'\\n' || ${payload}, 'UTF8')), 'hex')`;

async function fill(stack: Stack, { name }: DrillSchema): Promise<void> {
  const table = `create table ${name}.rows (n int primary key, payload text, hash text not null); alter table ${name}.rows owner to media`;
  await sql(stack, "primary", table);
  // Two transactions: the second one is the newest that the target must have.
  for (const [from, to] of [
    [1, ROWS - 1],
    [ROWS, ROWS],
  ])
    await sql(
      stack,
      "primary",
      `insert into ${name}.rows select ${row("n", "'film ' || n")} from generate_series(${from}, ${to}) n`,
    );
}

/** Rows that users would write after the damage, before it is noticed. */
async function late(stack: Stack, { name }: DrillSchema, kind: string): Promise<void> {
  const columns = kind === "bad-migration" ? "n, hash" : "n, hash, payload";
  const values = kind === "bad-migration" ? "n, 'late'" : "n, 'late', 'late'";
  const series = `generate_series(${ROWS + 1}, ${ROWS + LATE_ROWS}) n`;
  await sql(stack, "primary", `insert into ${name}.rows (${columns}) select ${values} from ${series}`);
}

async function lateRows(stack: Stack, { name }: DrillSchema): Promise<number> {
  return Number(await sql(stack, "primary", `select count(*) from ${name}.rows where n > ${ROWS} and hash = 'late'`));
}

/** Count, and one hash over all rows that were there before; where the table cannot be read, the reason. */
async function stateOf(stack: Stack, schema: string): Promise<string> {
  const all = `select count(*) || ' rows, ' || md5(string_agg(n || ':' || payload || ':' || hash, ',' order by n)) from ${schema}.rows where n <= ${ROWS}`;
  return sql(stack, "primary", all).catch((error: unknown) => {
    const [, reason] = /ERROR:\s*(.*)/.exec(messageOf(error)) ?? [];
    if (reason === undefined) throw error;
    return reason;
  });
}
