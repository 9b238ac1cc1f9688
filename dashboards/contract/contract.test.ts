import { describe, expect, test } from "@jest/globals";
import { dashboards } from "../boards/index.ts";
import type { BoardJson } from "../draw/model.ts";
import { rules } from "../rules/index.ts";
import { problemsOf, readCatalogue } from "./catalogue.ts";
import { readingsOf } from "./promql.ts";

const catalogue = readCatalogue();
const boards = Object.values(dashboards()) as unknown as BoardJson[];

describe("every metric and label exists in a real scrape", () => {
  test.each(rules.map((rule) => [rule.name, rule.expr]))("of the rule %s", (name, expr) => {
    expect(problemsOf(`rule ${name}`, expr, catalogue)).toEqual([]);
  });

  const panels = boards.flatMap((board) => board.panels.map((panel) => [board.uid, panel.title, panel] as const));
  test.each(panels.filter(([, , { type }]) => type !== "row" && type !== "logs"))("of %s, %s", (uid, title, panel) => {
    const place = `${uid}, panel "${title}"`;
    expect(panel.targets?.length).toBeGreaterThan(0);
    expect((panel.targets ?? []).flatMap(({ expr }) => problemsOf(place, expr, catalogue))).toEqual([]);
  });
});

describe("the check fails, with its place,", () => {
  test.each([
    [
      "an unknown metric",
      "sum(rate(pg_replication_lagg[5m]))",
      'real-time, panel "Lag": metric "pg_replication_lagg" is in no scrape',
    ],
    ["an unknown label", 'up{jobb="api"}', 'metric "up" has no label "jobb"'],
    ["an unknown label of `by`", "sum by (queu) (media_queue_jobs)", 'metric "media_queue_jobs" has no label "queu"'],
    ["text that is no PromQL", "sum(rate(up[5m])", "not PromQL at character"],
    ["a selector without a name", '{job="api"}', "names no metric"],
  ])("on %s", (_, expr, message) => {
    expect(problemsOf('real-time, panel "Lag"', expr, catalogue).join("\n")).toContain(message);
  });

  test("and not on what is right", () => {
    expect(problemsOf("here", 'sum by (queue) (media_queue_jobs{state="waiting"})', catalogue)).toEqual([]);
  });
});

test("readings are found in sub-queries, offsets and both sides of an operator", () => {
  const found = readingsOf('max_over_time(sum by (job) (up{pod=~"a"})[5m:]) / on (job) group_left b offset 1w');
  expect(found).toEqual([
    { metric: "up", labels: ["pod", "job"] },
    { metric: "b", labels: [] },
  ]);
});
