import { judge, type Sides } from "../baselines/compare.ts";
import { variation } from "../baselines/statistics.ts";
import { say } from "../lib/progress.ts";
import { randomFrom, wholeBetween } from "../lib/random.ts";
import { startRecorder } from "../test/recorder.ts";
import type { Row } from "./row.ts";
import { percentileMs, trial } from "./trial.ts";

/** Of each side of a comparison. */
const RUNS = 10;
/** Real runs with each latency; comparisons draw theirs from these. */
const POOL = 30;
const COMPARISONS = 400;
const BASE_MS = 100;
const PERCENTILES = [50, 95, 99];

/** Real runs against a server that is as quick as before, 5 % and 10 % slower: how often are ten runs called slower than ten? */
export async function changes(): Promise<Row[]> {
  const pools = new Map<number, number[][]>([
    [1, []],
    [1.05, []],
    [1.1, []],
  ]);
  // In turn, so that what else the machine does weighs on all of them.
  for (let run = 1; run <= POOL; run++)
    for (const [factor, pool] of pools) {
      const recorder = await startRecorder({
        delayMs: (_, index) => BASE_MS * factor * (0.8 + ((index * 37) % 100) / 250),
      });
      const measured = await trial({ url: recorder.url, perSecond: 50, seconds: 2, seed: run }).finally(recorder.close);
      pool.push(PERCENTILES.map((percentile) => percentileMs(measured, percentile)));
      if (factor === 1) say(`run ${run} of ${POOL}: p95 ${pool.at(-1)?.[1]?.toFixed(1)} ms`);
    }
  const base = pools.get(1) as number[][];
  const varies = PERCENTILES.map((_, index) => variation(base.map((run) => run[index] as number)));
  say(`the runs vary by ${varies.map((share) => `${(share * 100).toFixed(1)} %`).join(", ")} (p50, p95, p99)`);
  const share = (factor: number) => found(base, pools.get(factor) as number[][]) * 100;
  const name = (what: string) => `load tests: comparisons of 10 with 10 real runs that find ${what}`;
  return [
    { name: name("a slow-down of 10 %"), unit: "%", atLeast: 100, values: [share(1.1)] },
    { name: name("a slow-down of 5 %"), unit: "%", atLeast: 80, values: [share(1.05)] },
    { name: name("a change where there is none"), unit: "%", bound: 5, values: [share(1)] },
  ];
}

/** Share of comparisons that call one of the percentiles slower or faster. The two sides never share a run. */
export function found(before: readonly (readonly number[])[], now: readonly (readonly number[])[], seed = 1): number {
  const random = randomFrom(seed);
  let count = 0;
  for (let comparison = 0; comparison < COMPARISONS; comparison++) {
    const same = before === now;
    const shuffled = drawn(random, before, same ? 2 * RUNS : RUNS);
    const a = shuffled.slice(0, RUNS);
    const b = same ? shuffled.slice(RUNS) : drawn(random, now, RUNS);
    const sides = PERCENTILES.map(
      (_, index): Sides => [a, b].map((runs) => runs.map((run) => run[index] ?? 0)) as never,
    );
    if (judge(sides).some(({ verdict }) => verdict !== "no change")) count += 1;
  }
  return count / COMPARISONS;
}

/** So many of them, none twice. */
function drawn<T>(random: () => number, from: readonly T[], count: number): T[] {
  const left = [...from];
  return Array.from({ length: count }, () => left.splice(wholeBetween(random, 0, left.length - 1), 1)[0] as T);
}
