/**
 * LSNs (positions in the write-ahead log) as PostgreSQL writes them: two hexadecimal numbers, the greater half first,
 * without leading zeros. They do not sort as text: `0/9FFFFFF` is less than `0/A000000`.
 */
const LSN = /^([0-9A-F]{1,8})\/([0-9A-F]{1,8})$/;

export function isLsn(text: string): boolean {
  return LSN.test(text);
}

/** The greater of two LSNs. A missing or invalid one is less than any other. */
export function laterLsn<A extends string | null | undefined, B extends string | null | undefined>(a: A, b: B): A | B {
  return sortable(b) > sortable(a) ? b : a;
}

/** Padded to one width, so that the order of the texts is that of the numbers. */
function sortable(lsn: string | null | undefined): string {
  const [, high, low] = LSN.exec(lsn ?? "") ?? [];
  return high && low ? high.padStart(8, "0") + low.padStart(8, "0") : "";
}

/** Longer than two commits of one process can overlap. */
const REMEMBERED_MS = 60_000;

/**
 * The greatest LSN of the last minute. Answers of commits that overlap come in any order. Older LSNs are forgotten: a
 * database that was restored from its backup begins lower, and no replica of it would reach the LSN of the database before.
 */
export function createLatestLsn(now = Date.now) {
  let greatest: { lsn: string; at: number } | undefined;
  return {
    note(lsn: string): void {
      const known = greatest && now() - greatest.at < REMEMBERED_MS ? greatest.lsn : undefined;
      if (laterLsn(known, lsn) === lsn) greatest = { lsn, at: now() };
    },
    lsn: (): string | undefined => greatest?.lsn,
  };
}
