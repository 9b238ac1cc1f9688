import { UserError } from "../lib/errors.ts";
import { decode, merged } from "../results/histogram.ts";
import type { Result } from "../results/result.ts";
import { bootstrap, hodgesLehmann, MOST_RUNS, mannWhitney, median } from "./statistics.ts";

/** A smaller change is not called one, however sure it is. */
const FLOOR = 0.02;
const SURE = 0.05;

export interface Comparison {
  readonly figure: string;
  readonly baselineMs: number;
  readonly nowMs: number;
  /** How much higher it is now, as a share of the baseline's median. */
  readonly change: number;
  readonly low: number;
  readonly high: number;
  readonly p: number;
  readonly verdict: "slower" | "faster" | "no change";
}

const FIGURES = { p50: 50, p95: 95, p99: 99 } as const;

/** Compares runs with those of a baseline, run by run: a run is one observation, since requests of a run are not independent. */
export function compare(baseline: readonly Result[], now: readonly Result[]): readonly Comparison[] {
  check(baseline, now);
  return Object.entries(FIGURES).map(([figure, percentile]) => {
    const [a, b] = [baseline, now].map((runs) => runs.map((run) => latencyMs(run, percentile))) as [number[], number[]];
    const base = median(a);
    const { p } = mannWhitney(a, b);
    const change = hodgesLehmann(a, b) / base;
    const { low, high } = bootstrap(a, b);
    const sure = p <= SURE && Math.abs(change) >= FLOOR;
    const verdict = sure ? (change > 0 ? "slower" : "faster") : "no change";
    return {
      figure,
      baselineMs: base,
      nowMs: median(b),
      change,
      low: low / base,
      high: high / base,
      p,
      verdict,
    } as const;
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
export function inWords({ figure, baselineMs, nowMs, change, low, high, p, verdict }: Comparison): string {
  const percent = (share: number) => `${share > 0 ? "+" : ""}${(share * 100).toFixed(1)} %`;
  const times = `${baselineMs.toFixed(1)} ms before, ${nowMs.toFixed(1)} ms now`;
  return `${figure}: ${times}: ${percent(change)} (95 %: ${percent(low)} to ${percent(high)}), p = ${p.toFixed(4)}: ${verdict}`;
}
