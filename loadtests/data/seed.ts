import { UserError } from "../lib/errors.ts";
import { FIRST_ID, LAST_ID, MAX_SEED, TEXT_PREFIX } from "./identity.ts";
import { type Psql, runScript } from "./psql.ts";
import { type DataSetArgs, tablesOf } from "./sets.ts";

/** A set of JavaScript holds 16 million pairs of user and title. */
export const MAX_ROWS = 10_000_000;

export interface Seeded {
  /** Rows in each table after it, the seeded ones alone. */
  readonly rows: Readonly<Record<string, number>>;
  readonly seconds: number;
}

/** Where the seeded rows of each table are, the referring tables first. */
const SEEDED: Readonly<Record<string, string>> = {
  payments: between("user_id"),
  payment_events: `id >= '${TEXT_PREFIX}' AND id < '${TEXT_PREFIX.slice(0, -1)}.'`,
  subscriptions: between("user_id"),
  downloads: between("request_id"),
  requests: between("id"),
  users: between("id"),
};

function between(column: string): string {
  return `${column} BETWEEN '${FIRST_ID}' AND '${LAST_ID}'`;
}

const NAMES = Object.keys(SEEDED);

/** Puts a data set into a database, all of it or nothing. `report` gets the rows sent and all there are. */
export async function seed(
  psql: Psql,
  args: DataSetArgs,
  report: (sent: number, all: number) => void,
): Promise<Seeded> {
  check(args);
  const from = performance.now();
  const before = await seededRows(psql);
  if (Object.values(before).some((count) => count > 0))
    throw new UserError(
      `the database holds a data set already: ${inWords(before)}`,
      "remove it first: make seed REMOVE=1",
    );
  const rows = await runScript(psql, scriptOf(args, report));
  return { rows: parsed(rows), seconds: (performance.now() - from) / 1_000 };
}

function check({ rows, seed }: DataSetArgs): void {
  if (!Number.isInteger(rows) || rows < 1 || rows > MAX_ROWS)
    throw new UserError(`ROWS=${rows} is not a whole number from 1 to ${MAX_ROWS}`, "give the number of requests");
  if (!Number.isInteger(seed) || seed < 0 || seed > MAX_SEED)
    throw new UserError(`SEED=${seed} is not a whole number from 0 to ${MAX_SEED}`, "give another one");
}

/**
 * The references of seeded rows are among themselves, so their million checks are left out; the lock keeps others from
 * making new ones meanwhile. Reading goes on.
 */
const BEGIN = `BEGIN;
SET LOCAL statement_timeout = 0;
LOCK TABLE users, requests IN EXCLUSIVE MODE;
SET LOCAL session_replication_role = replica;
`;

/** Rows of a part, so that a write is neither a line nor everything. */
const PART_BYTES = 256 * 1_024;

function* scriptOf(args: DataSetArgs, report: (sent: number, all: number) => void): Iterable<string> {
  const tables = tablesOf(args);
  const all = tables.reduce((sum, { count }) => sum + count, 0);
  let sent = 0;
  yield BEGIN;
  for (const { name, columns, lines } of tables) {
    yield `COPY ${name} (${columns.join(", ")}) FROM STDIN;\n`;
    let part = "";
    for (const line of lines()) {
      part += line;
      sent += 1;
      if (part.length < PART_BYTES) continue;
      yield part;
      part = "";
      report(sent, all);
    }
    yield `${part}\\.\n`;
  }
  report(sent, sent);
  // Last, so that a script which breaks off is rolled back.
  yield `COMMIT;\nVACUUM (ANALYZE) ${NAMES.join(", ")};\n${COUNTS}`;
}

const COUNTS = `${NAMES.map((name) => `SELECT '${name}', count(*) FROM ${name} WHERE ${SEEDED[name]}`).join("\nUNION ALL ")};\n`;

/** How many rows of data sets a database holds, by table. */
export const seededRows = async (psql: Psql): Promise<Record<string, number>> =>
  parsed(await runScript(psql, [COUNTS]));

/** Takes every data set out again. What the service wrote stays. */
export async function remove(psql: Psql): Promise<Seeded> {
  const from = performance.now();
  const rows = await seededRows(psql);
  await runScript(psql, [
    BEGIN,
    ...NAMES.map((name) => `DELETE FROM ${name} WHERE ${SEEDED[name]};\n`),
    // Gives the space back; else the tables would stay as large as they were.
    `COMMIT;\nVACUUM (ANALYZE) ${NAMES.join(", ")};\n`,
  ]);
  return { rows, seconds: (performance.now() - from) / 1_000 };
}

function parsed(text: string): Record<string, number> {
  const lines = text.split("\n").map((line) => line.split("|"));
  return Object.fromEntries(lines.flatMap(([name, count]) => (name && count ? [[name, Number(count)]] : [])));
}

/** "1000000 requests, 50000 users" */
export const inWords = (rows: Readonly<Record<string, number>>) =>
  Object.entries(rows)
    .map(([name, count]) => `${count} ${name.replace("_", " ")}`)
    .join(", ");
