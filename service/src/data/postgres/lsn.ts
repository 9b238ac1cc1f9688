/**
 * Positions in the write-ahead log, as PostgreSQL writes them: two hexadecimal numbers, the greater half first, without
 * leading zeros. As text `0/9FFFFFF` would be more than `0/A000000` is.
 */
const POSITION = /^([0-9A-F]{1,8})\/([0-9A-F]{1,8})$/;

export function isPosition(text: string): boolean {
  return POSITION.test(text);
}

/** The greater of two positions; one that is none, as an answer can lack it, is less than any. */
export function laterOf<A extends string | null | undefined, B extends string | null | undefined>(a: A, b: B): A | B {
  return sortable(b) > sortable(a) ? b : a;
}

/** Of one width, so that the order of the texts is that of the numbers. */
function sortable(position: string | null | undefined): string {
  const [, high, low] = POSITION.exec(position ?? "") ?? [];
  return high && low ? high.padStart(8, "0") + low.padStart(8, "0") : "";
}

/** Longer than two commits of one process can overlap. */
const REMEMBERED_MS = 60_000;

/**
 * The greatest position that was reached lately. The answers of commits that overlap come in any order. Only lately: a
 * database that was restored from its backup begins lower, and no replica of it comes up to what was reached before.
 */
export function createReached(now = Date.now) {
  let greatest: { position: string; at: number } | undefined;
  return {
    note(position: string): void {
      const known = greatest && now() - greatest.at < REMEMBERED_MS ? greatest.position : undefined;
      if (laterOf(known, position) === position) greatest = { position, at: now() };
    },
    position: (): string | undefined => greatest?.position,
  };
}
