import type { RecoveryJob } from "./lib/jobs.ts";
import { startJob } from "./lib/jobs.ts";
import type { DrillSchema } from "./lib/schema.ts";
import type { Stack } from "./lib/stack.ts";
import { sql } from "./verify/postgres.ts";

/** A row whose commit the database acknowledged: its number at its writer, and when the writer knew, in seconds since 1970. */
export type AcknowledgedWrite = readonly [n: number, at: number];

/** What infra/recovery/scripts/writer.py tells at its end. */
export interface Written {
  /** By writer. */
  readonly acknowledged: Readonly<Record<string, readonly AcknowledgedWrite[]>>;
  /** Rows that were sent and got no answer: there or not, both is right. */
  readonly unknown: Readonly<Record<string, readonly number[]>>;
  /** Rows that could not be sent. */
  readonly refused: number;
  readonly errors: Readonly<Record<string, number>>;
}

/** A row as the database has it. */
export interface ProbeRow {
  readonly writer: number;
  readonly n: number;
  /** The database's clock while it was written, in seconds since 1970. */
  readonly at: number;
  readonly timeline: string;
}

export const WRITES_PER_SECOND = 50;
const WRITERS = 5;
const MOST_SECONDS = 1800;

/** Writers that go on until they are stopped. */
export class SteadyWrites {
  readonly #stack: Stack;
  readonly #schema: DrillSchema;
  readonly #job: RecoveryJob;

  private constructor(stack: Stack, schema: DrillSchema, job: RecoveryJob) {
    this.#stack = stack;
    this.#schema = schema;
    this.#job = job;
  }

  /** Makes the table and starts writers inside the stack, which write through the pooler as the application does. */
  static async start(stack: Stack, schema: DrillSchema): Promise<SteadyWrites> {
    const table = `${schema.name}.probe`;
    await sql(
      stack,
      "primary",
      `create table ${table} (writer int, n int, at timestamptz not null, timeline text not null, primary key (writer, n)); alter table ${table} owner to media`,
    );
    const pace = ["--writers", String(WRITERS), "--per-second", String(WRITES_PER_SECOND)];
    const command = ["writer.py", "--table", table, ...pace, "--seconds", String(MOST_SECONDS)];
    const job = await startJob(stack, command, MOST_SECONDS + 120);
    await job.saw("writing").catch(async (error: unknown) => {
      await job.remove();
      throw error;
    });
    return new SteadyWrites(stack, schema, job);
  }

  async stop(): Promise<Written> {
    await this.#job.exec(["touch", "/tmp/stop"]);
    return (await this.#job.result<Written>()).result;
  }

  /** All rows in the order of the database's clock. */
  async rows(): Promise<ProbeRow[]> {
    const columns = "writer, n, extract(epoch from at)::float8 as at, timeline";
    const all = `select coalesce(json_agg(x order by at), '[]') from (select ${columns} from ${this.#schema.name}.probe) x`;
    return JSON.parse(await sql(this.#stack, "primary", all)) as ProbeRow[];
  }

  /** Deletes the newest acknowledged row: the negative control of the check that follows. */
  async lose(): Promise<void> {
    const newest = `select writer, n from ${this.#schema.name}.probe where n > 1 order by at limit 1`;
    await sql(this.#stack, "primary", `delete from ${this.#schema.name}.probe where (writer, n) in (${newest})`);
  }

  async remove(): Promise<void> {
    await this.#job.remove();
  }
}

/** The time around a fault in which no row was committed, by the database's clock. */
export interface Gap {
  readonly seconds: number;
  /** Last row before and first row after it, in seconds since 1970. */
  readonly from: number;
  readonly to: number;
  /** Timeline before and after: another one means that another member is primary. */
  readonly timelines: readonly [string, string];
}

/**
 * The longest time without a row that ends between a fault and the next one. Pure.
 *
 * @param rows in the order of their time
 * @throws where no row was written after the fault
 */
export function gapAfter(rows: readonly ProbeRow[], fault: number, next = Number.POSITIVE_INFINITY): Gap {
  let longest: Gap | undefined;
  for (let i = 1; i < rows.length; i++) {
    const [before, after] = [rows[i - 1] as ProbeRow, rows[i] as ProbeRow];
    if (after.at < fault || after.at > next) continue;
    const seconds = Math.round((after.at - before.at) * 1000) / 1000;
    if (!longest || seconds > longest.seconds)
      longest = { seconds, from: before.at, to: after.at, timelines: [before.timeline, after.timeline] };
  }
  if (!longest) throw new Error("no row was written after the fault");
  return longest;
}

/** What became of the rows. Pure. */
export function compareWrites(written: Written, rows: readonly ProbeRow[]) {
  const there = new Set(rows.map(({ writer, n }) => `${writer}/${n}`));
  const acknowledged = Object.entries(written.acknowledged).flatMap(([writer, all]) =>
    all.map(([n, at]) => ({ key: `${writer}/${n}`, at })),
  );
  const unknown = Object.entries(written.unknown).flatMap(([writer, all]) => all.map((n) => `${writer}/${n}`));
  const lost = acknowledged.filter(({ key }) => !there.has(key)).toSorted((a, b) => a.at - b.at);
  const known = new Set([...acknowledged.map(({ key }) => key), ...unknown]);
  const newest = acknowledged.reduce((max, { at }) => Math.max(max, at), 0);
  return {
    rowsAcknowledged: acknowledged.length,
    rowsLost: lost.length,
    /** Sent without an answer, and there all the same. */
    rowsRecovered: unknown.filter((key) => there.has(key)).length,
    rowsUnknown: unknown.length,
    rowsRefused: written.refused,
    /** There, though they were never sent: must be 0. */
    rowsUnexpected: [...there].filter((key) => !known.has(key)).length,
    /** From the first lost row's acknowledgement to the newest one's. */
    rpoSeconds: lost[0] ? Math.max(0.001, Math.round((newest - lost[0].at) * 1000) / 1000) : 0,
    errors: written.errors,
  };
}
