import { median } from "@media/drills/sample";
import { randomFrom, wholeBetween } from "../lib/random.ts";

/** More runs on a side than this make the exact count slow, and are not needed to tell 5 %. */
export const MOST_RUNS = 30;

/**
 * The exact two-sided p of the Mann-Whitney test: the share of all ways to split the values in which U is at least as far
 * from its middle. Ties count a half, and the splits are counted over the ranks as they are, so ties stay exact.
 */
export function mannWhitney(a: readonly number[], b: readonly number[]): { readonly u: number; readonly p: number } {
  // Doubled ranks are whole numbers also where values are equal.
  const all = [...a, ...b].sort((x, y) => x - y);
  const doubled = (value: number) => all.indexOf(value) + 1 + all.lastIndexOf(value) + 1;
  const ranks = all.map(doubled);
  const sumOfA = a.reduce((sum, value) => sum + doubled(value), 0);
  const most = ranks.reduce((sum, rank) => sum + rank, 0);
  // ways[n][s]: how many choices of n values have ranks of the sum s.
  const ways = Array.from({ length: a.length + 1 }, () => new Float64Array(most + 1));
  (ways[0] as Float64Array)[0] = 1;
  for (const rank of ranks)
    for (let n = a.length; n >= 1; n--) {
      const [to, from] = [ways[n] as Float64Array, ways[n - 1] as Float64Array];
      for (let sum = most; sum >= rank; sum--) to[sum] = (to[sum] ?? 0) + (from[sum - rank] ?? 0);
    }
  const middle = a.length * (all.length + 1);
  const distance = Math.abs(sumOfA - middle);
  let [far, total] = [0, 0];
  (ways[a.length] as Float64Array).forEach((count, sum) => {
    total += count;
    if (Math.abs(sum - middle) >= distance) far += count;
  });
  return { u: sumOfA / 2 - (a.length * (a.length + 1)) / 2, p: far / total };
}

/** The Hodges-Lehmann estimate of how much higher `b` is than `a`: the median of all differences. */
export function hodgesLehmann(a: readonly number[], b: readonly number[]): number {
  return median(b.flatMap((y) => a.map((x) => y - x)));
}

/** A bootstrap interval (percentile method) of the Hodges-Lehmann estimate; the same for the same seed. */
export function bootstrap(a: readonly number[], b: readonly number[], level = 0.95, rounds = 2_000, seed = 1) {
  const random = randomFrom(seed);
  const again = (of: readonly number[]) => of.map(() => of[wholeBetween(random, 0, of.length - 1)] as number);
  const estimates = Array.from({ length: rounds }, () => hodgesLehmann(again(a), again(b))).sort((x, y) => x - y);
  const at = (share: number) => estimates[Math.min(rounds - 1, Math.floor(share * rounds))] as number;
  return { low: at((1 - level) / 2), high: at((1 + level) / 2) };
}

/** Holm's method: p values of several tests, made fit to be judged together. */
export function holm(ps: readonly number[]): number[] {
  const order = ps.map((_, index) => index).sort((a, b) => (ps[a] as number) - (ps[b] as number));
  const out = ps.map(() => 1);
  let least = 0;
  order.forEach((index, rank) => {
    least = Math.max(least, Math.min(1, (ps[index] as number) * (ps.length - rank)));
    out[index] = least;
  });
  return out;
}

/** Standard deviation as a share of the mean. */
export function variation(values: readonly number[]): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return Math.sqrt(squares / Math.max(1, values.length - 1)) / mean;
}
