import { type Acknowledged, GENESIS, type LedgerRow } from "./ledger.ts";
import type { Stack } from "./lib/stack.ts";
import { sql } from "./verify/postgres.ts";

const literal = (text: string) => `'${text.replaceAll("'", "''")}'`;

const ALL_ROWS =
  "select coalesce(json_agg(json_build_object('seq', seq, 'prevHash', prev_hash, 'hash', hash, 'payload', payload) order by seq), '[]') from ledger";

/** All rows of the ledger, from the primary. */
export async function readLedger(stack: Stack): Promise<LedgerRow[]> {
  return JSON.parse(await sql(stack, "primary", ALL_ROWS)) as LedgerRow[];
}

/** All writers of the ledger hold it, the restore proof's probe too (infra/recovery/scripts/ledger.py): no two take one number. */
const LOCK = 7102;

/** Appends rows, each in its own transaction, and returns them with the times of their acknowledgement. */
export async function writeLedger(stack: Stack, count: number, label: string): Promise<Acknowledged[]> {
  const append = (payload: string) => `with last as (select seq, hash from ledger order by seq desc limit 1),
    next as (select coalesce((select seq from last), 0) + 1 as seq, coalesce((select hash from last), '${GENESIS}') as prev)
    insert into ledger (seq, prev_hash, hash, payload)
    select seq, prev, encode(sha256(convert_to(prev || E'\\n' || seq || E'\\n' || ${payload}, 'UTF8')), 'hex'), ${payload} from next
    returning json_build_object('seq', seq, 'prevHash', prev_hash, 'hash', hash, 'payload', payload,
      'at', extract(epoch from clock_timestamp()))`;
  const inserts = Array.from({ length: count }, (_, i) => append(literal(`${label} ${i}`)));
  const statements = `select pg_advisory_lock(${LOCK});\n${inserts.join(";\n")};`;
  const lines = (await sql(stack, "primary", statements, { oneByOne: true })).split("\n");
  return lines.filter(Boolean).map((line) => JSON.parse(line) as Acknowledged);
}
