import type { SyntaxNode } from "@lezer/common";
import { parser } from "@prometheus-io/lezer-promql";
import { CASES } from "./cases/index.ts";
import { judge, testsOf } from "./promtool.ts";
import { type Rule, secondsOf } from "./rule.ts";

/** A rule with one thing changed. */
export interface Mutant {
  /** What was changed: "threshold 0.85 → 1.0625". */
  what: string;
  kind: "threshold" | "window" | "operator" | "label";
  rule: Rule;
}

const COMPARISONS: Record<string, readonly string[]> = {
  Gtr: ["<", ">="],
  Lss: [">", "<="],
  Gte: ["<", ">"],
  Lte: [">", "<"],
  Eql: ["!="],
};
const ARITHMETIC: Record<string, string> = { Add: "-", Sub: "+", Mul: "/", Div: "*" };
const SETS: Record<string, readonly string[]> = { And: ["or", "unless"], Or: ["and"], Unless: ["and"] };
const MATCHERS: Record<string, string> = { "=": "!=", "!=": "=", "=~": "!~", "!~": "=~" };

type Change = [from: number, to: number, text: string, kind: Mutant["kind"]];

/** Every change of one place: numbers, durations, operators, and labels with their values. */
export function mutantsOf(rule: Rule): Mutant[] {
  const { expr } = rule;
  const changes: Change[] = [];
  parser.parse(expr).iterate({ enter: ({ node }) => void changes.push(...changesAt(node, expr)) });
  const inExpr = changes.map(([from, to, text, kind]) => ({
    what: `${kind} at ${from}: ${expr.slice(from, to) || "(label)"} → ${text || "(nothing)"}`,
    kind,
    rule: { ...rule, expr: expr.slice(0, from) + text + expr.slice(to) },
  }));
  const wait = secondsOf(rule);
  const waits = wait > 0 ? [wait * 2, Math.floor(wait / 2)] : [60];
  return [
    ...inExpr,
    ...waits.map((seconds) => ({
      what: `window: for ${rule.for ?? "0s"} → ${seconds}s`,
      kind: "window" as const,
      rule: { ...rule, for: `${seconds}s` },
    })),
  ];
}

function changesAt(node: SyntaxNode, expr: string): Change[] {
  const { from, to, name } = node;
  const text = expr.slice(from, to);
  // `or vector(0)` is what a panel shows where a counter has no series yet: no limit lies below it, so no rule sees it.
  if (
    (name === "Or" && expr.slice(to).startsWith(" vector(0)")) ||
    (name === "NumberLiteral" && expr.slice(0, from).endsWith("vector("))
  )
    return [];
  switch (name) {
    case "NumberLiteral": {
      const value = Number(text);
      const others = value === 0 ? [0.5, -0.5] : [value * 1.25, value * 0.75];
      return others.map((one) => [from, to, String(Number(one.toPrecision(12))), "threshold"]);
    }
    case "NumberDurationLiteralInDurationContext":
    case "Duration":
      return [2, 0.5].map((factor) => [from, to, `${Math.max(1, Math.floor(secondsIn(text) * factor))}s`, "window"]);
    case "MatchOp":
      return MATCHERS[text] ? [[from, to, MATCHERS[text], "label"]] : [];
    case "StringLiteral":
      return node.parent?.name.includes("Matcher") ? [[from, to, `"x${text.slice(1)}`, "label"]] : [];
    case "GroupingLabels":
      return node.getChildren("LabelName").map((label) => [label.from, label.to, "nothing", "label"]);
    default: {
      if (node.parent?.name !== "BinaryExpr") return [];
      const others = COMPARISONS[name] ?? SETS[name] ?? (ARITHMETIC[name] ? [ARITHMETIC[name]] : []);
      return others.map((one) => [from, to, one, "operator"]);
    }
  }
}

const UNITS: Record<string, number> = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 };
const secondsIn = (text: string) =>
  [...text.matchAll(/(\d+)([smhdw])/g)].reduce(
    (sum, [, count, unit]) => sum + Number(count) * (UNITS[unit as string] ?? 1),
    0,
  );

export interface Score {
  killed: number;
  survived: string[];
  /** Prometheus does not load or evaluate it: a mistake of that kind is not to be made. */
  invalid: number;
}

/** Runs all cases of a rule over all its mutants; one survives if every moment of every case is as with the rule itself. */
export async function scoreOf(rule: Rule): Promise<Score> {
  const mutants = mutantsOf(rule).map((mutant, n) => ({ ...mutant, rule: { ...mutant.rule, name: `M${n}` } }));
  const failed = new Set<string>();
  const broken = new Set<string>();
  for (const one of CASES.filter((candidate) => candidate.rule === rule.name)) {
    for (const test of testsOf(one, rule)) {
      const alive = mutants.map((mutant) => mutant.rule).filter(({ name }) => !failed.has(name) && !broken.has(name));
      if (alive.length === 0) break;
      const verdict = await judge([test], alive);
      for (const name of verdict.failed) failed.add(name);
      for (const [name, why] of verdict.broken) (/parse/.test(why) ? broken : failed).add(name);
    }
  }
  return {
    killed: failed.size,
    survived: mutants
      .filter((mutant) => !failed.has(mutant.rule.name) && !broken.has(mutant.rule.name))
      .map((mutant) => `${rule.name}: ${mutant.what}`),
    invalid: broken.size,
  };
}
