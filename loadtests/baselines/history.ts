import { readdirSync } from "node:fs";
import { join } from "node:path";
import { UserError } from "../lib/errors.ts";
import { decode, merged } from "../results/histogram.ts";
import type { Result } from "../results/result.ts";
import { readResult } from "../results/validate.ts";
import { changePoints } from "./change-points.ts";

const PERCENTILES = [50, 95, 99];

/** What became of the latency of runs of one kind, from the oldest to the newest. */
export interface History {
  /** "stack dev, custom, load at level normal, rate 2, browse+request" */
  readonly kind: string;
  readonly runs: number;
  readonly lines: readonly string[];
  /** The newest change was for the worse. */
  readonly slower: boolean;
}

/** The runs whose results are in a folder, the oldest first. */
export function runsIn(dir: string): readonly Result[] {
  const files = readdirSync(dir).filter((name) => /^\d{8}T.*\.json$/.test(name));
  return files.sort().map((file) => readResult(join(dir, file)));
}

/**
 * The histories of runs, one a kind. Runs without a verdict on the target are left out.
 *
 * @param results the oldest first
 * @param where they are, in words
 */
export function historiesOf(results: readonly Result[], where: string): readonly History[] {
  if (results.length === 0) throw new UserError(`${where} holds no results of runs`, "make load leaves one each time");
  const kinds = new Map<string, Result[]>();
  for (const result of results) {
    if (result.run.interrupted || result.generatorLimited !== null) continue;
    const { stack } = result.run;
    const { shape, level, rate, seconds, journeys } = result.config;
    const kind = `stack ${stack}, ${result.tool.name}, ${shape} at level ${level}, ${Math.round(seconds)} s, rate ${rate}, ${journeys.join("+")}`;
    kinds.set(kind, [...(kinds.get(kind) ?? []), result]);
  }
  return [...kinds].map(([kind, results]) => historyOf(kind, results));
}

/** Of runs of one kind, in their order. */
export function historyOf(kind: string, results: readonly Result[]): History {
  const of = PERCENTILES.map((percentile) => {
    const values = results.map(
      ({ steps }) => merged(steps.map((step) => decode(step.histogram))).getValueAtPercentile(percentile) / 1_000,
    );
    return { percentile, points: changePoints(values) };
  });
  const lines = of.flatMap(({ percentile, points }) =>
    points.map(({ at, before, after, p }) => {
      const { id } = (results[at] as Result).run;
      const commit = results[at]?.versions?.commit;
      const change = ((after / before - 1) * 100).toFixed(1);
      return `p${percentile}: ${before.toFixed(1)} ms before, ${after.toFixed(1)} ms since run ${id}${commit ? ` (commit ${commit})` : ""}: ${Number(change) > 0 ? "+" : ""}${change} %, p = ${p.toFixed(4)}`;
    }),
  );
  const slower = of.some(({ points }) => {
    const last = points.at(-1);
    return last !== undefined && last.after > last.before;
  });
  return { kind, runs: results.length, lines, slower };
}
