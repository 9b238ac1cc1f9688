import { fitUsl, inWords, type Measured, throughputAt } from "../analysis/usl.ts";
import type { Result } from "../results/result.ts";

/** The law needs loads that differ: the highest at least so many times the lowest. */
const LEAST_RANGE = 3;
/** Moments that the law is fitted to at the least. */
const FEWEST = 6;
const GROWING = "SHAPE=stress lets it grow until it is";
/** A law that explains less of the variation says nothing of loads that were not measured. */
const LEAST_FIT = 0.9;

/** How many requests were at work at each moment, and how many answers a second there were: the law's N and X. */
export function measuredBy({ resources }: Result): Measured[] {
  const sums = (name: string) => {
    const found = new Map<number, number>();
    for (const one of resources.series)
      if (one.tier === "api" && one.name === name)
        for (const { at, value } of one.points) found.set(at, (found.get(at) ?? 0) + value);
    return found;
  };
  const answers = sums("answers");
  return [...sums("requests at work, mean")].flatMap(([at, load]): Measured[] => {
    const throughput = answers.get(at) ?? 0;
    return load > 0 && throughput > 0 ? [[load, throughput]] : [];
  });
}

/** Of the measurements, those with the highest loads, which the law of the others has to foretell. */
const FORETOLD = 0.2;

/** The throughput at the highest loads as the law of the lower ones foretells it, and as it was measured; undefined with too few loads. */
export function foretold(measured: readonly Measured[]): { predicted: number; measured: number } | undefined {
  const sorted = [...measured].sort((a, b) => a[0] - b[0]);
  const kept = Math.floor(sorted.length * (1 - FORETOLD));
  if (kept < FEWEST) return undefined;
  const usl = fitUsl(sorted.slice(0, kept));
  const high = sorted.slice(kept);
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  return {
    predicted: mean(high.map(([load]) => throughputAt(usl, load))),
    measured: mean(high.map(([, throughput]) => throughput)),
  };
}

/** What the stack can do at most, by the Universal Scalability Law, or why that was not measured. */
export function capacityOf(result: Result): string[] {
  const measured = measuredBy(result);
  const loads = measured.map(([load]) => load);
  if (measured.length < FEWEST) return [`not measured: requests were seen at work at ${measured.length} moments only`];
  const highest = Math.max(...loads);
  if (highest < LEAST_RANGE * Math.min(...loads)) return [`not measured: the load did not grow; ${GROWING}`];
  const usl = fitUsl(measured);
  if (usl.rSquared < LEAST_FIT)
    return [`the law does not fit what was measured (R² ${usl.rSquared.toFixed(2)}): no capacity is told`];
  const wide = (["lambda", "alpha", "beta"] as const).filter((key) => usl.plusMinus[key] >= usl[key]);
  // Where each of contention and coherency may as well be nothing, the law says of higher loads only what it assumes.
  if (wide.includes("lambda") || wide.length === 2)
    return [`not measured: up to ${digits(highest)} requests at work no limit came into sight; ${GROWING}`];
  const next = foretold(measured);
  const error = next ? (next.predicted / next.measured - 1) * 100 : 0;
  const words = next
    ? [
        `the law of the lower loads foretells ${next.predicted.toFixed(1)} answers/s at the highest fifth; ${next.measured.toFixed(1)} were measured (${error > 0 ? "+" : ""}${error.toFixed(1)} %)`,
      ]
    : [];
  return [...inWords(usl, highest), ...words];
}

const digits = (value: number) => String(Number(value.toPrecision(3)));
