import { median } from "@media/drills/sample";
import { type Random, randomFrom, wholeBetween } from "../lib/random.ts";

/** A value from which on a series is another. */
export interface ChangePoint {
  /** Index of the first value after the change. */
  readonly at: number;
  /** Medians of the values between the change point before it, or the begin, and the one after it, or the end. */
  readonly before: number;
  readonly after: number;
  /** Of the permutation test. */
  readonly p: number;
}

/** Values on each side of a change: fewer could be an accident. */
const FEWEST = 4;
const PERMUTATIONS = 199;
const SURE = 0.02;
/** A smaller change of the median is not called one, as in comparisons. */
const FLOOR = 0.02;

/**
 * Change points of a series by E-Divisive (Matteson and James, 2014): the split at which the two sides differ most, by the
 * energy distance between them, is a change point where hardly any order of the same values has such a split; then the same
 * on each side. The permutations are drawn with a seed: the same values have the same change points.
 */
export function changePoints(values: readonly number[], seed = 1): readonly ChangePoint[] {
  const found: { at: number; p: number }[] = [];
  const look = (from: number, to: number) => {
    const segment = values.slice(from, to);
    const split = bestSplit(Float64Array.from(segment));
    if (!split) return;
    const p = permuted(segment, split.statistic, randomFrom(seed + from));
    if (p > SURE) return;
    look(from, from + split.at);
    found.push({ at: from + split.at, p });
    look(from + split.at, to);
  };
  look(0, values.length);
  // Medians only when all are known: each is of the values up to the next change point.
  return found
    .map(({ at, p }, index) => {
      const [begin, end] = [found[index - 1]?.at ?? 0, found[index + 1]?.at ?? values.length];
      return { at, p, before: median(values.slice(begin, at)), after: median(values.slice(at, end)) };
    })
    .filter(({ before, after }) => Math.abs(after - before) >= FLOOR * Math.abs(before));
}

/** Where the two sides differ most, and by how much; undefined with too few values. */
function bestSplit(values: ArrayLike<number>): { at: number; statistic: number } | undefined {
  const n = values.length;
  if (n < 2 * FEWEST) return undefined;
  const distance = (i: number, j: number) => Math.abs((values[i] as number) - (values[j] as number));
  // Sums of the distances within the left side, within the right one, and between the two, as one value after the other moves over.
  let [left, right, between] = [0, 0, 0];
  for (let i = 0; i < n; i++) for (let j = i + 1; j < n; j++) right += distance(i, j);
  let best: { at: number; statistic: number } | undefined;
  for (let at = 1; at < n; at++) {
    const moved = at - 1;
    let [toLeft, toRight] = [0, 0];
    for (let j = 0; j < moved; j++) toLeft += distance(moved, j);
    for (let j = at; j < n; j++) toRight += distance(moved, j);
    left += toLeft;
    right -= toRight;
    between += toRight - toLeft;
    const [a, b] = [at, n - at];
    if (a < FEWEST || b < FEWEST) continue;
    const energy = (2 * between) / (a * b) - left / ((a * (a - 1)) / 2) - right / ((b * (b - 1)) / 2);
    const statistic = ((a * b) / n) * energy;
    if (!best || statistic > best.statistic) best = { at, statistic };
  }
  return best;
}

/** Share of orders of the values whose best split is as good, with the one that was found among them. */
function permuted(values: readonly number[], statistic: number, random: Random): number {
  let asGood = 1;
  const order = Float64Array.from(values);
  for (let round = 0; round < PERMUTATIONS; round++) {
    for (let i = order.length - 1; i > 0; i--) {
      const j = wholeBetween(random, 0, i);
      [order[i], order[j]] = [order[j] as number, order[i] as number];
    }
    if ((bestSplit(order)?.statistic ?? 0) >= statistic) asGood += 1;
    // It cannot become sure any more.
    if (asGood > SURE * (PERMUTATIONS + 1)) return 1;
  }
  return asGood / (PERMUTATIONS + 1);
}
