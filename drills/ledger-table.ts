import { type Acknowledged, type LedgerRow, nextRow } from "./ledger.ts";
import type { Stack } from "./lib/stack.ts";
import { sql } from "./verify/postgres.ts";

const literal = (text: string) => `'${text.replaceAll("'", "''")}'`;

const ALL_ROWS =
  "select coalesce(json_agg(json_build_object('seq', seq, 'prevHash', prev_hash, 'hash', hash, 'payload', payload) order by seq), '[]') from ledger";

/** All rows of the ledger, from the primary. */
export async function readLedger(stack: Stack): Promise<LedgerRow[]> {
  return JSON.parse(await sql(stack, "primary", ALL_ROWS)) as LedgerRow[];
}

/** Appends rows, each in its own transaction, and returns them with the times of their acknowledgement. */
export async function writeLedger(stack: Stack, count: number, label: string): Promise<Acknowledged[]> {
  const last = (await readLedger(stack)).at(-1);
  const rows: LedgerRow[] = [];
  for (let i = 0; i < count; i++) rows.push(nextRow(rows.at(-1) ?? last, `${label} ${i}`));
  const inserts = rows.map(
    ({ seq, prevHash, hash, payload }) =>
      `insert into ledger (seq, prev_hash, hash, payload) values (${seq}, ${literal(prevHash)}, ${literal(hash)}, ${literal(payload)}) returning extract(epoch from clock_timestamp())`,
  );
  const times = (await sql(stack, "primary", `${inserts.join(";\n")};`, { oneByOne: true })).split("\n");
  return rows.map((row, i) => ({ ...row, at: Number(times[i]) }));
}
