import { createHash } from "node:crypto";

/** `prev_hash` of the first row. */
export const GENESIS = "0".repeat(64);

/** A row of the table `ledger`. */
export interface LedgerRow {
  seq: number;
  prevHash: string;
  hash: string;
  payload: string;
}

/** A fault of a chain and the row that has it. */
export interface LedgerFault {
  seq: number;
  kind: "missing" | "altered" | "unlinked";
  detail: string;
}

export interface LedgerReport {
  intact: boolean;
  rows: number;
  /** Number of the highest row, or 0. Rows that were acknowledged beyond it are lost. */
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

/** The row after `previous`, or the first row. */
export function nextRow(previous: Pick<LedgerRow, "seq" | "hash"> | undefined, payload: string): LedgerRow {
  const seq = (previous?.seq ?? 0) + 1;
  const prevHash = previous?.hash ?? GENESIS;
  return { seq, prevHash, hash: ledgerHash(prevHash, seq, payload), payload };
}

/**
 * Checks the whole chain from its first row. The rows may come in any order. It finds a row that is missing in the
 * middle, one that was changed, and one that was inserted from another chain. It cannot find rows that are missing at
 * the end: `compare` does, with the rows that the writer had acknowledged.
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

/** A row whose commit PostgreSQL has acknowledged, with the time (seconds since 1970) of the acknowledgement. */
export interface Acknowledged extends LedgerRow {
  readonly at: number;
}

/**
 * Counts which of the acknowledged rows are lost, in rows and seconds. Pure.
 *
 * @param archived number (`seq`) of the newest row that is known to be archived
 */
export function compare(acknowledged: readonly Acknowledged[], archived: number, found: readonly LedgerRow[]) {
  const hashes = new Set(found.map((row) => row.hash));
  const lost = acknowledged.filter((row) => !hashes.has(row.hash));
  const kept = acknowledged.filter((row) => hashes.has(row.hash));
  const newest = Math.max(...acknowledged.map((row) => row.at));
  const newestKept = Math.max(...kept.map((row) => row.at), Number.NEGATIVE_INFINITY);
  const chain = verifyChain(found);
  return {
    rowsAcknowledged: acknowledged.length,
    /** Lost although their WAL was archived: must be 0. */
    rowsLost: lost.filter((row) => row.seq <= archived).length,
    /** Lost after the last archived WAL: the recovery point (RPO) is measured by these. */
    rowsLostAfterLastArchive: lost.filter((row) => row.seq > archived).length,
    rpoSeconds: lost.length === 0 ? 0 : Math.round((newest - newestKept) * 1000) / 1000,
    chainIntact: chain.intact,
    faults: chain.faults,
  };
}
