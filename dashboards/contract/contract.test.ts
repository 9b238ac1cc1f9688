import { describe, expect, test } from "@jest/globals";
import { dashboards } from "../boards/index.ts";
import type { BoardJson } from "../draw/model.ts";
import { format } from "../draw/units.ts";
import { MAY_BE_EMPTY } from "../empty.ts";
import { scalingRecordings } from "../library/scaling.ts";
import { recordings } from "../library/signals.ts";
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

describe("what is around the panels exists too:", () => {
  const variables = boards.flatMap((board) => (board.templating?.list ?? []).map((one) => [board.uid, one] as const));
  test.each(variables.filter(([, { type }]) => type === "query").map(([uid, one]) => [uid, one.name, one] as const))(
    "of %s, the variable %s",
    (uid, name, { query }) => {
      const [, selector = "", label = ""] = /^label_values\((.+), (\w+)\)$/.exec(String(query)) ?? [];
      expect(problemsOf(`${uid}, variable ${name}`, `sum by (${label}) (${selector})`, catalogue)).toEqual([]);
    },
  );

  test("annotations", () => {
    const marks = boards.flatMap(({ annotations }) => annotations?.list ?? []);
    expect(new Set(marks.map(({ name }) => name))).toEqual(new Set(["Deploys", "Failovers", "Alerts"]));
    expect(marks.flatMap(({ name, expr = "" }) => problemsOf(name, expr, catalogue))).toEqual([]);
  });

  test("what the rules record", () => {
    expect(scalingRecordings.flatMap(({ record, expr }) => problemsOf(record, expr, catalogue))).toEqual([]);
    expect(recordings(192).flatMap(({ record, expr }) => problemsOf(record, expr, catalogue))).toEqual([]);
  });

  test("panels that may be empty", () => {
    const titles = boards.flatMap(({ uid, panels }) => panels.map(({ title }) => `${uid}/${title}`));
    expect(Object.keys(MAY_BE_EMPTY).filter((one) => !titles.includes(one))).toEqual([]);
  });
});

describe("every board", () => {
  test.each(boards.map((board) => [board.uid, board] as const))(
    "%s is described, linked and laid out",
    (_uid, board) => {
      const panels = board.panels.filter(({ type }) => type !== "row");
      for (const { title, description, type, fieldConfig } of panels) {
        expect([title, (description ?? "").length > 10]).toEqual([title, true]);
        if (type !== "logs") expect(() => format(1, fieldConfig?.defaults.unit)).not.toThrow();
      }
      expect(new Set(panels.map(({ title }) => title)).size).toBe(panels.length);
      // No two panels share a place, and none reaches over the edge.
      const cells = board.panels.flatMap(({ gridPos: { x, y, w, h } }) =>
        Array.from({ length: w * h }, (_, n) => `${x + (n % w)},${y + Math.floor(n / w)}`),
      );
      expect(new Set(cells).size).toBe(cells.length);
      expect(Math.max(...board.panels.map(({ gridPos: { x, w } }) => x + w))).toBe(24);
      expect(board).toMatchObject({ editable: false, links: [{ keepTime: true, includeVars: true, tags: ["media"] }] });
    },
  );
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
    [
      "an unknown label that group_left does not bring",
      "sum by (versionn) (up * on (pod) group_left (version) media_build_info)",
      'has no label "versionn"',
    ],
    ["text that is no PromQL", "sum(rate(up[5m])", "not PromQL at character"],
    ["a selector without a name", '{job="api"}', "names no metric"],
  ])("on %s", (_, expr, message) => {
    expect(problemsOf('real-time, panel "Lag"', expr, catalogue).join("\n")).toContain(message);
  });

  test("and on a label that the matching names and one side lacks", () => {
    const expr = "sum(up * on (podd) group_left (version) media_build_info)";
    expect(problemsOf("here", expr, catalogue).join("\n")).toContain('metric "media_build_info" has no label "podd"');
  });

  test("and not on a label that group_left brings", () => {
    const expr = "sum by (version) (up * on (pod) group_left (version) media_build_info)";
    expect(problemsOf("here", expr, catalogue)).toEqual([]);
  });

  test("and not on what is right", () => {
    expect(problemsOf("here", 'sum by (queue) (media_queue_jobs{state="waiting"})', catalogue)).toEqual([]);
  });
});

test("readings are found in sub-queries, offsets and both sides of an operator", () => {
  const found = readingsOf('max_over_time(sum by (job) (up{pod=~"a"})[5m:]) / on (job) group_left b offset 1w');
  expect(found).toEqual([
    { metric: "up", labels: ["pod", "job"] },
    { metric: "b", labels: ["job"] },
  ]);
});
