import { createHash } from "node:crypto";

/** `prev_hash` of the first row. */
export const GENESIS = "0".repeat(64);

/** One row of the table `ledger`. */
export interface LedgerRow {
  seq: number;
  prevHash: string;
  hash: string;
  payload: string;
}

/** What is wrong with a chain, at which row. */
export interface LedgerFault {
  seq: number;
  kind: "missing" | "altered" | "unlinked";
  detail: string;
}

export interface LedgerReport {
  intact: boolean;
  rows: number;
  /** Highest row found; 0 for none. What was acknowledged beyond it is lost. */
  lastSeq: number;
  faults: LedgerFault[];
}

/**
 * SHA-256 over the previous hash, the number and the payload, one per line. PostgreSQL computes the same with
 * `encode(sha256(convert_to(prev_hash || E'\n' || seq || E'\n' || payload, 'UTF8')), 'hex')`.
 */
export function ledgerHash(prevHash: string, seq: number, payload: string): string {
  return createHash("sha256").update(`${prevHash}\n${seq}\n${payload}`, "utf8").digest("hex");
}

/** The row that follows `previous`, or the first one. */
export function nextRow(previous: Pick<LedgerRow, "seq" | "hash"> | undefined, payload: string): LedgerRow {
  const seq = (previous?.seq ?? 0) + 1;
  const prevHash = previous?.hash ?? GENESIS;
  return { seq, prevHash, hash: ledgerHash(prevHash, seq, payload), payload };
}

/**
 * Checks the whole chain from its first row, in any order of input. A row that vanished from the middle, one that was
 * changed and one that was put in from elsewhere each show; the end of the chain has to be compared with what the
 * writer got acknowledged.
 */
export function verifyChain(rows: readonly LedgerRow[]): LedgerReport {
  const faults: LedgerFault[] = [];
  let previous: Pick<LedgerRow, "seq" | "hash"> = { seq: 0, hash: GENESIS };
  for (const row of rows.toSorted((a, b) => a.seq - b.seq)) {
    faults.push(...rowFaults(previous, row));
    previous = row;
  }
  return { intact: faults.length === 0, rows: rows.length, lastSeq: previous.seq, faults };
}

function rowFaults(previous: Pick<LedgerRow, "seq" | "hash">, row: LedgerRow): LedgerFault[] {
  const { seq } = row;
  const faults: LedgerFault[] = [];
  const expected = previous.seq + 1;
  if (seq > expected)
    faults.push({ seq: expected, kind: "missing", detail: `rows ${expected} to ${seq - 1} are missing` });
  else if (row.prevHash !== previous.hash)
    faults.push({ seq, kind: "unlinked", detail: `row ${seq} does not follow row ${previous.seq}` });
  if (row.hash !== ledgerHash(row.prevHash, seq, row.payload)) {
    faults.push({ seq, kind: "altered", detail: `row ${seq} does not have the hash of its content` });
  }
  return faults;
}
