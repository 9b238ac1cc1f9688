import { median } from "@media/drills/sample";
import { UserError } from "../lib/errors.ts";
import { decode, merged } from "../results/histogram.ts";
import type { Result } from "../results/result.ts";
import { bootstrap, hodgesLehmann, holm, MOST_RUNS, mannWhitney, variation } from "./statistics.ts";

/** A smaller change is not called one, however sure it is. */
const FLOOR = 0.02;
/** Of the three figures together: a comparison without a change calls one of them slower or faster in 5 % of cases at most. */
const SURE = 0.05;
/** Where runs vary by more, a change of 5 % is found in less than 80 % of cases (measured: docs/load-tests.md). */
const CALM = 0.03;

export interface Comparison {
  readonly figure: string;
  readonly baselineMs: number;
  readonly nowMs: number;
  /** How much higher it is now, as a share of the baseline's median. */
  readonly change: number;
  readonly low: number;
  readonly high: number;
  /** Of the exact Mann-Whitney test, by Holm's method made fit for three figures at once. */
  readonly p: number;
  /** Standard deviation of the runs' own figures, as a share of their mean; of the side where it is higher. */
  readonly variation: number;
  readonly verdict: "slower" | "faster" | "no change";
}

const FIGURES = { p50: 50, p95: 95, p99: 99 } as const;

/** Compares runs with those of a baseline, run by run: a run is one observation, since requests of a run are not independent. */
export function compare(baseline: readonly Result[], now: readonly Result[]): readonly Comparison[] {
  check(baseline, now);
  const sides = Object.values(FIGURES).map(
    (percentile) =>
      [baseline, now].map((runs) => runs.map((run) => latencyMs(run, percentile))) as [number[], number[]],
  );
  return compareFigures(Object.keys(FIGURES), sides);
}

/** A figure's values of the baseline's runs, and of the runs to compare: milliseconds, one a run. */
export type Sides = readonly [readonly number[], readonly number[]];

/** What is sure of each figure. */
export function judge(sides: readonly Sides[]): readonly Pick<Comparison, "change" | "p" | "verdict">[] {
  const sure = holm(sides.map(([a, b]) => mannWhitney(a, b).p));
  return sides.map(([a, b], index) => {
    const p = sure[index] ?? 1;
    const change = hodgesLehmann(a, b) / median(a);
    const isOne = p <= SURE && Math.abs(change) >= FLOOR;
    return { change, p, verdict: isOne ? (change > 0 ? "slower" : "faster") : "no change" };
  });
}

function compareFigures(names: readonly string[], sides: readonly Sides[]): readonly Comparison[] {
  const judged = judge(sides);
  return sides.map(([a, b], index) => {
    const base = median(a);
    const { low, high } = bootstrap(a, b);
    return {
      figure: names[index] ?? "",
      baselineMs: base,
      nowMs: median(b),
      low: low / base,
      high: high / base,
      variation: Math.max(variation(a), variation(b)),
      ...(judged[index] as (typeof judged)[number]),
    };
  });
}

const latencyMs = ({ steps }: Result, percentile: number) =>
  merged(steps.map((step) => decode(step.histogram))).getValueAtPercentile(percentile) / 1_000;

/** Runs of another tool, shape or rate, or cut short, say nothing about a change. */
function check(baseline: readonly Result[], now: readonly Result[]): void {
  const remedy = "give runs of one tool, shape, level and rate, at least 4 on each side";
  for (const [side, runs] of Object.entries({ baseline, "runs to compare": now }))
    if (runs.length < 4 || runs.length > MOST_RUNS)
      throw new UserError(`${runs.length} results as ${side}: from 4 to ${MOST_RUNS} are needed`, remedy);
  const kind = ({ tool, config }: Result) =>
    [tool.name, config.shape, config.level, `rate ${config.rate}`, config.journeys.join("+")].join(", ");
  const kinds = new Set([...baseline, ...now].map(kind));
  if (kinds.size > 1) throw new UserError(`the results are of different runs: ${[...kinds].join("; ")}`, remedy);
  const bad = [...baseline, ...now].find(({ run, generatorLimited }) => run.interrupted || generatorLimited !== null);
  if (bad) throw new UserError(`run ${bad.run.id} was cut short, or its generator was the limit`, "leave it out");
}

/** "p95: 100.0 ms before, 110.2 ms now: +10.1 % (95 %: 8.2 % to 12.3 %), p = 0.0002: slower" */
export function inWords({ figure, baselineMs, nowMs, change, low, high, p, variation, verdict }: Comparison): string {
  const percent = (share: number) => `${share > 0 ? "+" : ""}${(share * 100).toFixed(1)} %`;
  const times = `${baselineMs.toFixed(1)} ms before, ${nowMs.toFixed(1)} ms now`;
  const noisy =
    variation > CALM ? `; the runs vary by ${(variation * 100).toFixed(1)} %, so a change of 5 % may be missed` : "";
  return `${figure}: ${times}: ${percent(change)} (95 %: ${percent(low)} to ${percent(high)}), p = ${p.toFixed(4)}: ${verdict}${noisy}`;
}
