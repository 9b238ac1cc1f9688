import * as hdr from "hdr-histogram-js";

export type Histogram = hdr.Histogram;

/** Microseconds. A request that takes longer than ten minutes is recorded as ten minutes. */
const HIGHEST_US = 600_000_000;

/** Latencies in microseconds with three significant digits. */
export const newHistogram = (): Histogram =>
  hdr.build({
    lowestDiscernibleValue: 1,
    highestTrackableValue: HIGHEST_US,
    numberOfSignificantValueDigits: 3,
    bitBucketSize: 32,
    useWebAssembly: false,
  });

export function record(histogram: Histogram, us: number): void {
  histogram.recordValue(Math.min(HIGHEST_US, Math.max(1, Math.round(us))));
}

/** The compressed form of HdrHistogram, version 2, in base64: what its other implementations read too. */
export const encode = (histogram: Histogram): string => hdr.encodeIntoCompressedBase64(histogram);

export const decode = (text: string): Histogram => hdr.decodeFromCompressedBase64(text, 32, false);

export function merged(histograms: readonly Histogram[]): Histogram {
  const all = newHistogram();
  for (const one of histograms) all.add(one);
  return all;
}

/** How many recorded values are not above a bound. Values within 0.1 % of it are counted as if they were equal. */
export function countUpTo(histogram: Histogram, us: number): number {
  let count = 0;
  for (const { value, count: here } of pointsOf(histogram)) if (value <= us * 1.001) count += here;
  return count;
}

/** Every recorded value with how often it came. */
export function pointsOf(histogram: Histogram): { value: number; count: number }[] {
  const points: { value: number; count: number }[] = [];
  const iterator = (histogram as hdr.JsHistogram).recordedValuesIterator;
  iterator.reset();
  while (iterator.hasNext()) {
    const { valueIteratedTo, countAtValueIteratedTo } = iterator.next();
    points.push({ value: valueIteratedTo, count: countAtValueIteratedTo });
  }
  return points;
}
