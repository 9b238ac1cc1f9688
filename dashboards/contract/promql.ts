import type { SyntaxNode, Tree } from "@lezer/common";
import { parser } from "@prometheus-io/lezer-promql";

/** What an expression reads: each selector with the labels that it and what is around it name. */
export interface Reading {
  metric: string;
  labels: string[];
}

/** A text that is not PromQL, or that the contract cannot judge. */
export class PromqlError extends Error {}

/** Durations that Grafana fills in; any will do for reading. */
const withoutVariables = (expr: string) => expr.replaceAll(/\$(__(rate_interval|interval|range)|ago)\b/g, "5m");

/** Everything that an expression reads, by its syntax tree. */
export function readingsOf(expr: string): Reading[] {
  const text = withoutVariables(expr);
  const tree = parser.parse(text);
  failOnError(tree, text);
  const readings: Reading[] = [];
  tree.iterate({
    enter: ({ type, node }) => {
      if (type.name === "VectorSelector") readings.push(selectorOf(node, text));
    },
  });
  if (readings.length === 0 && !/\bvector\(/.test(text)) throw new PromqlError(`"${expr}" reads no metric`);
  return readings;
}

function failOnError(tree: Tree, text: string): void {
  tree.iterate({
    enter: ({ type, from, to }) => {
      if (type.isError)
        throw new PromqlError(`not PromQL at character ${from + 1}: "${text.slice(Math.max(0, from - 20), to + 20)}"`);
    },
  });
}

function selectorOf(node: SyntaxNode, text: string): Reading {
  const name = node.getChild("Identifier");
  // {"quoted name"} and {__name__=~…} have none: which metrics they read is not to be known from the text.
  if (!name)
    throw new PromqlError(`"${text.slice(node.from, node.to)}" names no metric; write the name before the braces`);
  const matchers: string[] = [];
  const cursor = node.cursor();
  const within = (to: number) => to <= node.to;
  do {
    if (cursor.name === "LabelName" && within(cursor.to)) matchers.push(text.slice(cursor.from, cursor.to));
  } while (cursor.next() && cursor.from < node.to);
  return { metric: text.slice(name.from, name.to), labels: [...new Set([...matchers, ...groupingsOf(node, text)])] };
}

/** Labels of `by` around the selector: below that aggregation they must exist. What is above another `by` sees only its labels. */
function groupingsOf(node: SyntaxNode, text: string): string[] {
  const made: string[] = [];
  for (let at = node.parent; at; at = at.parent) {
    const matched = matchedOnly(at, node, text);
    if (matched) return matched;
    made.push(...madeBy(at, text));
    if (at.name !== "AggregateExpr") continue;
    const by = at.getChild("AggregateModifier");
    const labels = by?.getChild("By") ? by.getChild("GroupingLabels") : null;
    return labels ? namesIn(labels, text).filter((name) => !made.includes(name)) : [];
  }
  return [];
}

/**
 * Where the selector is on the side that only lends its labels (the one side of group_left, or the right of `and` and `unless`):
 * the labels that are matched and lent. What is above sees the other side.
 */
function matchedOnly(at: SyntaxNode, node: SyntaxNode, text: string): string[] | undefined {
  if (at.name !== "BinaryExpr") return undefined;
  const clause = at.getChild("MatchingModifierClause");
  const isRight = node.from > (at.firstChild?.to ?? 0);
  const filters = at.getChild("And") !== null || at.getChild("Unless") !== null;
  if (!(isRight ? filters || clause?.getChild("GroupLeft") : clause?.getChild("GroupRight"))) return undefined;
  return (clause?.getChildren("GroupingLabels") ?? []).flatMap((list) => namesIn(list, text));
}

/** Labels that come from elsewhere: from the other side of group_left or group_right, or made by label_replace. */
function madeBy(node: SyntaxNode, text: string): string[] {
  const made: string[] = [];
  const clause = node.name === "BinaryExpr" ? node.getChild("MatchingModifierClause") : null;
  // The first list belongs to `on`, the second to group_left.
  if (clause?.getChild("GroupLeft") || clause?.getChild("GroupRight")) {
    const list = clause.getChildren("GroupingLabels").at(-1);
    if (list) made.push(...namesIn(list, text));
  }
  const call = node.name === "FunctionCall" ? text.slice(node.from, node.to) : "";
  const target = /^label_replace\([\s\S]*?, ?"(\w+)", ?"[^"]*", ?"[^"]*", ?"[^"]*"\)$/.exec(call)?.[1];
  if (target) made.push(target);
  return made;
}

function namesIn(node: SyntaxNode, text: string): string[] {
  return node.getChildren("LabelName").map((label) => text.slice(label.from, label.to));
}
