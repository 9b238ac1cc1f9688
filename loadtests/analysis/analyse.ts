import type { Result, Series } from "../results/result.ts";
import { KINDS, type Kind } from "./kinds.ts";
import { type FigureName, type Next, type Question, type Test, TREE } from "./tree.ts";

/** A question of the tree with its answer and what was measured. */
export interface Answered {
  readonly ask: string;
  readonly answer: "yes" | "no";
  readonly evidence: readonly string[];
}

export interface Finding {
  /** What limited the stack; undefined where nothing did, or nothing that is measured. */
  readonly kind: Kind | undefined;
  readonly about: string;
  /** What was measured on the way to it. */
  readonly evidence: readonly string[];
  /** Every question that was asked, in order. */
  readonly path: readonly Answered[];
}

/** Follows the tree through a run. */
export function analyse(result: Result, tree: Next = TREE): Finding {
  const path: Answered[] = [];
  let next = tree;
  while ("ask" in next) {
    const { yes, evidence } = answer(next, result);
    path.push({ ask: next.ask, answer: yes ? "yes" : "no", evidence });
    next = yes ? next.yes : next.no;
  }
  const evidence = path.filter((one) => one.answer === "yes").flatMap((one) => one.evidence);
  return "cause" in next
    ? { kind: next.cause, about: KINDS[next.cause], evidence, path }
    : { kind: undefined, about: next.none, evidence: [], path };
}

function answer({ when }: Question, result: Result): { yes: boolean; evidence: string[] } {
  if (when === "generator limited")
    return { yes: result.generatorLimited !== null, evidence: [result.generatorLimited ?? "it kept its times"] };
  if (when === "objectives missed") {
    const missed = result.verdicts.filter(({ verdict }) => verdict === "not met");
    const words = missed.map(
      ({ objective, source, measured, wanted }) =>
        `${objective} (${source}): ${percent(measured ?? 0)} good, ${percent(wanted)} wanted`,
    );
    return { yes: missed.length > 0, evidence: words.length > 0 ? words : ["all met"] };
  }
  const measured = when.map((test) => measure(test, result));
  return { yes: measured.every(({ holds }) => holds), evidence: measured.map(({ words }) => words) };
}

/** What a test measured in a run, and whether it holds. */
export function measure(test: Test, result: Result): { value: number; holds: boolean; words: string } {
  const series = seriesOf(test.figure, result);
  const name = test.figure.replace("/", ": ");
  if (series.length === 0) return { value: 0, holds: false, words: `${name}: not measured` };
  if (test.shareOf) {
    const whole = upper(summed(seriesOf(test.shareOf, result)));
    const part = upper(summed(series));
    const value = whole > 0 ? part / whole : 0;
    const words = `${name}: ${round(part)} of ${round(whole)} ${test.shareOf.split("/")[1]}, ${percent(value)} (limit ${percent(test.atLeast)})`;
    return { value, holds: value >= test.atLeast, words };
  }
  const [highest] = series
    .map(({ of, unit, points }) => ({ of, unit, value: upper(points.map((point) => point.value)) }))
    .sort((a, b) => b.value - a.value) as [{ of: string; unit: Series["unit"]; value: number }];
  const words = `${name}${highest.of ? ` of ${highest.of}` : ""}: ${inUnit(highest.value, highest.unit)} (limit ${inUnit(test.atLeast, highest.unit)})`;
  return { value: highest.value, holds: highest.value >= test.atLeast, words };
}

const seriesOf = (figure: FigureName, { resources }: Result) => {
  const [tier, ...name] = figure.split("/");
  return resources.series.filter((series) => series.tier === tier && series.name === name.join("/"));
};

/** Series of one figure, added up moment by moment. */
function summed(series: readonly Series[]): number[] {
  const sums = new Map<number, number>();
  for (const { points } of series) for (const { at, value } of points) sums.set(at, (sums.get(at) ?? 0) + value);
  return [...sums.values()];
}

/** What a quarter of the values reach: a peak of one moment is no bottleneck, and a run has its beginning and end. */
export function upper(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length * 0.75)] ?? sorted.at(-1) ?? 0;
}

const round = (value: number) => String(Number(value.toPrecision(3)));
const percent = (share: number) => `${round(share * 100)} %`;

function inUnit(value: number, unit: Series["unit"]): string {
  if (unit === "ratio") return percent(value);
  if (unit === "seconds") return value < 1 ? `${round(value * 1_000)} ms` : `${round(value)} s`;
  if (unit === "bytes") return `${round(value / 1_048_576)} MiB`;
  return unit === "count" ? round(value) : `${round(value)} ${unit}`;
}
