/** The statistics of a figure. */
export interface Summary {
  readonly n: number;
  readonly min: number;
  readonly median: number;
  readonly max: number;
}

/** Minimum, median and maximum. There are too few runs for percentiles. */
export function summarize(values: readonly number[]): Summary {
  if (values.length === 0) throw new Error("no values: a figure without a run is no figure");
  const sorted = [...values].sort((a, b) => a - b);
  const at = (index: number) => sorted[index] as number;
  const half = sorted.length / 2;
  const median = sorted.length % 2 === 1 ? at(Math.floor(half)) : (at(half - 1) + at(half)) / 2;
  return { n: sorted.length, min: at(0), median, max: at(sorted.length - 1) };
}
