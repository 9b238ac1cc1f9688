import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "@jest/globals";
import { stringify } from "yaml";
import { dashboards } from "../boards/index.ts";
import type { BoardJson } from "../draw/model.ts";
import { CASES, type Case } from "./cases.ts";
import { rules, rulesYaml } from "./index.ts";
import { CATEGORIES, type Rule } from "./rule.ts";

const folder = mkdtempSync(join(tmpdir(), "media-rules-"));
afterAll(() => rmSync(folder, { recursive: true }));
const file = join(folder, "rules.yaml");
writeFileSync(file, rulesYaml());

const promtool = (...args: string[]) => execFileSync("promtool", args, { encoding: "utf8", stdio: "pipe" });

interface Try {
  /** The number of the case. */
  level: number;
  /** How many alerts fire at which second. */
  expected: [seconds: number, alerts: number][];
}

/** Lets promtool evaluate the one rule over the case's series. It fails when another number of alerts fires. */
function check(one: Case, tries: Try[], rule = ruleOf(one.rule)): void {
  const name = `${one.rule}-${counter++}`;
  writeFileSync(join(folder, `${name}.rules.yaml`), rulesYaml([rule]));
  const expr = `count(ALERTS{alertname="${one.rule}",alertstate="firing"}) or vector(0)`;
  const tests = tries.map(({ level, expected }) => ({
    interval: "15s",
    input_series: Object.entries(one.series(level)).map(([series, values]) => ({ series, values })),
    promql_expr_test: expected.map(([seconds, value]) => ({
      expr,
      eval_time: `${seconds}s`,
      exp_samples: [{ labels: "{}", value }],
    })),
  }));
  const path = join(folder, `${name}.yaml`);
  writeFileSync(path, stringify({ rule_files: [`${name}.rules.yaml`], evaluation_interval: "15s", tests }));
  promtool("test", "rules", path);
}

const ruleOf = (name: string) => rules.find((rule) => rule.name === name) as Rule;
let counter = 0;

const secondsOf = (rule: Rule) => {
  const [, number = "0", unit] = /^(\d+)([sm])$/.exec(rule.for ?? "0s") ?? [];
  return Number(number) * (unit === "m" ? 60 : 1);
};

/** The longest wait of a rule and the samples before it: by then every rate is what it stays. */
const SETTLED = 840;

describe("each rule, by promtool,", () => {
  test("is one that Prometheus loads", () => {
    expect(promtool("check", "rules", file)).toContain(`${rules.length} rules found`);
  });

  test.each(CASES.map((one) => [one.rule, one] as const))(
    "%s fires above its limit, after its time, and not on it",
    (name, one) => {
      const wait = secondsOf(ruleOf(name));
      const count = one.alerts ?? 1;
      // What a rate needs to begin with depends on its window; a rule without one must be exact to the evaluation.
      const early: [number, number][] = wait > 0 ? [[wait - 15, 0]] : [];
      check(one, [
        { level: one.fires, expected: [...early, [SETTLED, count]] },
        {
          level: one.silent,
          expected: [
            [60, 0],
            [SETTLED, 0],
          ],
        },
      ]);
      expect(wait).toBeLessThan(SETTLED - 60);
    },
  );

  test.each(CASES.filter(({ rule }) => !/\[/.test(ruleOf(rule).expr)).map((one) => [one.rule, one] as const))(
    "%s fires at the evaluation at which its time is over",
    (name, one) => check(one, [{ level: one.fires, expected: [[secondsOf(ruleOf(name)), one.alerts ?? 1]] }]),
  );

  test("the Watchdog fires with nothing there", () => {
    const nothing: Case = { rule: "Watchdog", series: () => ({ nothing: "0x1" }), silent: 0, fires: 0 };
    check(nothing, [
      {
        level: 0,
        expected: [
          [0, 1],
          [3600, 1],
        ],
      },
    ]);
  });

  test.each([
    ["limit", (expr: string) => expr.replace("> 0.85", "> 0.9")],
    ["operator", (expr: string) => expr.replace("> 0.85", "< 0.85")],
    ["label", (expr: string) => expr.replaceAll("by (instance)", "by (nothing)").replace("MemAvailable", "MemFree")],
  ])("and the check itself fails on a rule with another %s", (_, change) => {
    const rule = ruleOf("NodeMemoryHigh");
    const one = CASES.find((candidate) => candidate.rule === rule.name) as Case;
    const tries = [
      { level: one.fires, expected: [[SETTLED, 1]] as Try["expected"] },
      { level: one.silent, expected: [[SETTLED, 0]] as Try["expected"] },
    ];
    expect(change(rule.expr)).not.toBe(rule.expr);
    expect(() => check(one, tries)).not.toThrow();
    expect(() => check(one, tries, { ...rule, expr: change(rule.expr) })).toThrow(/FAILED|exp/);
  });
});

describe("every rule", () => {
  test.each(rules.map((rule) => [rule.name, rule] as const))("%s has a case, a runbook, a panel", (name, rule) => {
    if (name !== "Watchdog") expect(CASES.map(({ rule }) => rule)).toContain(name);
    expect([name, existsSync(new URL(`../../docs/runbooks/${name}.md`, import.meta.url))]).toEqual([name, true]);
    const board = dashboards()[rule.dashboard.uid] as unknown as BoardJson | undefined;
    expect(board?.panels.map(({ title }) => title)).toContain(rule.dashboard.panel);
  });

  test("is of a category that has rules, under a name of its own", () => {
    expect([...new Set(rules.map(({ category }) => category))]).toEqual(CATEGORIES);
    expect(new Set(rules.map(({ name }) => name)).size).toBe(rules.length);
  });
});

test("a severity that no route takes is an error with the rule's name", () => {
  const odd = { ...(rules[0] as Rule), severity: "grave" as "critical" };
  expect(() => rulesYaml([odd])).toThrow(
    'rule NodeCpuHigh: no route takes severity "grave"; take one of critical, warning, info',
  );
});
