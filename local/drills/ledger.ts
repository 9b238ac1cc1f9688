import { type LedgerRow, nextRow, verifyChain } from "@media/service/ledger";
import type { Stack } from "../stack/pulumi.ts";
import { sql } from "../verify/postgres.ts";

/** A row whose commit PostgreSQL has acknowledged, and when. */
export interface Acknowledged extends LedgerRow {
  readonly at: number;
}

const literal = (text: string) => `'${text.replaceAll("'", "''")}'`;

/** All rows of the ledger. */
export async function readLedger(stack: Stack): Promise<LedgerRow[]> {
  return JSON.parse(
    await sql(
      stack,
      "primary",
      `select coalesce(json_agg(json_build_object('seq', seq, 'prevHash', prev_hash, 'hash', hash, 'payload', payload) order by seq), '[]') from ledger`,
    ),
  ) as LedgerRow[];
}

/** Appends rows, each in a transaction of its own, and returns those that were acknowledged. */
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

/** What of the acknowledged rows is there, in seconds and rows. Pure. */
export function compare(acknowledged: readonly Acknowledged[], archived: number, found: readonly LedgerRow[]) {
  const hashes = new Set(found.map((row) => row.hash));
  const lost = acknowledged.filter((row) => !hashes.has(row.hash));
  const kept = acknowledged.filter((row) => hashes.has(row.hash));
  const newest = Math.max(...acknowledged.map((row) => row.at));
  const newestKept = Math.max(...kept.map((row) => row.at), Number.NEGATIVE_INFINITY);
  const chain = verifyChain(found);
  return {
    rowsAcknowledged: acknowledged.length,
    /** Acknowledged before the last WAL segment that was archived, and gone: must be none. */
    rowsLost: lost.filter((row) => row.seq <= archived).length,
    /** Acknowledged after it, and gone: what the recovery point is measured by. */
    rowsLostAfterLastArchive: lost.filter((row) => row.seq > archived).length,
    rpoSeconds: lost.length === 0 ? 0 : Math.round((newest - newestKept) * 1000) / 1000,
    chainIntact: chain.intact,
    faults: chain.faults,
  };
}
