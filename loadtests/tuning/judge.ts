import { median } from "@media/drills/sample";
import { inWords as changeInWords, compare } from "../baselines/compare.ts";
import { mannWhitney } from "../baselines/statistics.ts";
import type { Result } from "../results/result.ts";

/** A difference that is not chance has at most this p, where one figure alone is judged. */
const SURE = 0.05;
/** Three percentiles and the failures: each is judged as one of so many. */
const FIGURES = 4;
/** A smaller change of the share of failed requests is none. */
const FLOOR = 0.005;

export interface Judgement {
  /** Something is really better, and nothing is really worse. */
  readonly keep: boolean;
  readonly better: readonly string[];
  readonly worse: readonly string[];
  readonly unchanged: readonly string[];
}

/** Whether a change helped: latencies and failures of runs before and after it, each run one observation. */
export function judge(before: readonly Result[], after: readonly Result[]): Judgement {
  const better: string[] = [];
  const worse: string[] = [];
  const unchanged: string[] = [];
  for (const comparison of compare(before, after)) {
    const into = { slower: worse, faster: better, "no change": unchanged }[comparison.verdict];
    into.push(changeInWords(comparison));
  }
  const [a, b] = [before, after].map((runs) => runs.map(failedShare)) as [number[], number[]];
  const { p } = mannWhitney(a, b);
  const change = median(b) - median(a);
  const words = `failed requests: ${percent(median(a))} before, ${percent(median(b))} now, p = ${p.toFixed(4)}`;
  if (p * FIGURES > SURE || Math.abs(change) < FLOOR) unchanged.push(words);
  else (change < 0 ? better : worse).push(words);
  return { keep: better.length > 0 && worse.length === 0, better, worse, unchanged };
}

function failedShare({ steps }: Result): number {
  const sum = (of: (step: Result["steps"][number]) => number) => steps.reduce((all, step) => all + of(step), 0);
  const asked = sum((step) => step.requests + step.skipped);
  return asked > 0 ? sum((step) => step.failed + step.skipped) / asked : 0;
}

const percent = (share: number) => `${(share * 100).toFixed(2)} %`;
