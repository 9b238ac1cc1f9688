/** Figures of a sample, in the unit of its values. */
export interface Summary {
  readonly n: number;
  readonly min: number;
  readonly median: number;
  /** Nearest rank. Absent with fewer than 60 values: a 95th percentile of few runs says nothing. */
  readonly p95?: number;
  readonly max: number;
}

const LEAST_FOR_P95 = 60;

/** The middle value, or the mean of the two middle values; NaN without a value. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const half = sorted.length / 2;
  const at = (index: number) => sorted[index] ?? Number.NaN;
  return sorted.length % 2 === 1 ? at(Math.floor(half)) : (at(half - 1) + at(half)) / 2;
}

/** Throws without a value: a figure without a run is no figure. */
export function summaryOf(values: readonly number[]): Summary {
  if (values.length === 0) throw new Error("no values: a figure without a run is no figure");
  const sorted = values.toSorted((a, b) => a - b);
  const rank = (share: number) => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] as number;
  const p95 = sorted.length >= LEAST_FOR_P95 ? { p95: rank(0.95) } : {};
  return { n: sorted.length, min: rank(0), median: median(sorted), ...p95, max: rank(1) };
}
