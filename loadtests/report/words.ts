import { decode, merged } from "../results/histogram.ts";
import type { Result, StepMeasured } from "../results/result.ts";

export const percent = (share: number) => `${Number((share * 100).toFixed(3))} %`;
export const ms = (us: number) => {
  const value = us / 1_000;
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);
};

/** Percentiles of one step, or of several together, in milliseconds. */
export function row(steps: readonly StepMeasured[]) {
  const histogram = merged(steps.map((step) => decode(step.histogram)));
  const at = (percentile: number) => (histogram.totalCount > 0 ? ms(histogram.getValueAtPercentile(percentile)) : "–");
  const sum = (of: (step: StepMeasured) => number) => steps.reduce((all, step) => all + of(step), 0);
  return {
    requests: sum((step) => step.requests),
    failed: sum((step) => step.failed),
    skipped: sum((step) => step.skipped),
    p50: at(50),
    p95: at(95),
    p99: at(99),
    max: histogram.totalCount > 0 ? ms(histogram.maxValue) : "–",
  };
}

/** Errors of all steps, the most frequent first. */
export function errorsOf({ steps }: Result) {
  const all = steps.flatMap((step) => step.errors.map((error) => ({ step: step.name, ...error })));
  return all.sort((a, b) => b.count - a.count);
}

/** The verdict in a sentence, with its reason. */
export function sentence({ verdict, verdicts, generatorLimited, run }: Result): string {
  if (run.interrupted) return "No verdict: the run was interrupted, and this is what there was until then.";
  if (generatorLimited !== null) return `No verdict: the generator, not the target, was the limit: ${generatorLimited}.`;
  if (verdict === "none") return "No verdict: there is too little to judge.";
  if (verdict === "met") return "All objectives were met.";
  const missed = verdicts.filter((one) => one.verdict === "not met").map((one) => `${one.objective} (${one.source})`);
  return `Not met: ${missed.join(", ")}.`;
}

/** What was near its limit, the nearest first: where to look before anything else. */
export function saturated({ resources }: Result): string[] {
  return resources.series
    .filter(({ unit }) => unit === "ratio")
    .map(({ tier, name, of, points }) => ({ tier, name, of, highest: Math.max(...points.map(({ value }) => value)) }))
    .filter(({ highest }) => highest >= 0.8)
    .sort((a, b) => b.highest - a.highest)
    .map(({ tier, name, of, highest }) => `${tier} ${of}: ${name} was at ${percent(Math.min(1, highest))} at most`);
}
