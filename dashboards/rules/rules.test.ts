import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "@jest/globals";
import { REMEDIES } from "@media/service/remedies";
import { parse } from "yaml";
import { dashboards } from "../boards/index.ts";
import type { BoardJson } from "../draw/model.ts";
import type { Case } from "./cases/case.ts";
import { CASES } from "./cases/index.ts";
import { rules, rulesYaml } from "./index.ts";
import { scoreOf } from "./mutants.ts";
import { judge, testsOf } from "./promtool.ts";
import { CATEGORIES, type Rule } from "./rule.ts";

const folder = mkdtempSync(join(tmpdir(), "media-rules-"));
afterAll(() => rmSync(folder, { recursive: true }));
const file = join(folder, "rules.yaml");
writeFileSync(file, rulesYaml());

const promtool = (...args: string[]) => execFileSync("promtool", args, { encoding: "utf8", stdio: "pipe" });

interface RuleFile {
  groups: { rules: { alert: string; annotations: Record<string, string> }[] }[];
}

const ruleOf = (name: string) => rules.find((rule) => rule.name === name) as Rule;

/** Fails unless every moment of the case is as it says. */
async function check(one: Case, rule = ruleOf(one.rule)): Promise<void> {
  const { failed, broken } = await judge(testsOf(one, rule), [rule]);
  if (broken.size > 0) throw new Error([...broken.values()].join());
  if (failed.size > 0) throw new Error(`${rule.name} FAILED`);
}

describe("each rule, by promtool,", () => {
  test("is one that Prometheus loads", () => {
    expect(promtool("check", "rules", file)).toContain("rules found");
  });

  test.each(CASES.map((one, n) => [one.rule, n, one] as const))(
    "%s fires above its limit, after its time, and not on it (case %d)",
    (_name, _n, one) => check(one),
  );

  test("the Watchdog fires with nothing there", async () => {
    const nothing = {
      every: 15,
      series: { nothing: "0x1" },
      moments: [0, 3600].map((seconds) => ({ seconds, alerts: 1 })),
    };
    expect((await judge([nothing], [ruleOf("Watchdog")])).failed).toEqual(new Set());
  });

  test.each([
    ["limit", (expr: string) => expr.replace("> 0.85", "> 0.9")],
    ["operator", (expr: string) => expr.replace("> 0.85", "< 0.85")],
    ["label", (expr: string) => expr.replaceAll("by (instance)", "by (nothing)").replace("MemAvailable", "MemFree")],
  ])("and the check itself fails on a rule with another %s", async (_, change) => {
    const rule = ruleOf("NodeMemoryHigh");
    const one = CASES.find((candidate) => candidate.rule === rule.name) as Case;
    expect(change(rule.expr)).not.toBe(rule.expr);
    await check(one);
    await expect(check(one, { ...rule, expr: change(rule.expr) })).rejects.toThrow("FAILED");
  });

  test("a change of any of its numbers, windows, operators and labels is noticed by the cases", async () => {
    const { killed, survived } = await scoreOf(ruleOf("QueueDelayed"));
    expect(survived).toEqual([]);
    expect(killed).toBeGreaterThan(5);
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

test("an alert names the playbook that mends it, where there is one", () => {
  const [group] = (parse(rulesYaml([ruleOf("IdleInTransaction"), ruleOf("QueryTimeHigh")])) as RuleFile).groups.slice(
    -1,
  );
  const annotations = Object.fromEntries((group?.rules ?? []).map((rule) => [rule.alert, rule.annotations.playbook]));
  expect(annotations).toEqual({ IdleInTransaction: "end-idle-in-transaction", QueryTimeHigh: undefined });
  // A remedy for an alert that no rule raises would never be done.
  expect(rules.map(({ name }) => name)).toEqual(expect.arrayContaining(Object.keys(REMEDIES)));
});

test("a severity that no route takes is an error with the rule's name", () => {
  const odd = { ...(rules[0] as Rule), severity: "grave" as "critical" };
  expect(() => rulesYaml([odd])).toThrow(
    'rule NodeCpuHigh: no route takes severity "grave"; take one of critical, warning, info',
  );
});
