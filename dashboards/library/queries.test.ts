import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "@jest/globals";
import { drillRepair } from "./queries.ts";

const folder = mkdtempSync(join(tmpdir(), "media-queries-"));
afterAll(() => rmSync(folder, { recursive: true }));

const MINUTE = 60;
const [FIRST, SECOND, END] = [1_230, 3_630, 36_000];

/** Two drills of one kind: the first took 100 s and was the newest for 40 minutes, the second 300 s and for nine hours. */
const courses = () => {
  const samples = (from: number, to: number) => (to - from) / 30;
  const both = (first: number, second: number) =>
    `_x${FIRST / 30} ${first}x${samples(FIRST, SECOND) - 1} ${second}x${samples(SECOND, END)}`;
  return [
    { series: 'drill_rto_seconds{kind="failover"}', values: both(100, 300) },
    { series: 'drill_last_run_timestamp_seconds{kind="failover"}', values: both(FIRST - 10, SECOND - 10) },
  ];
};

/** By promtool: whether the expression is so much at the end. */
function isSo(expr: string, value: number): boolean {
  const file = join(folder, "test.json");
  const at = { expr, eval_time: `${END / MINUTE}m`, exp_samples: [{ labels: '{kind="failover"}', value }] };
  const one = { interval: "30s", input_series: courses(), promql_expr_test: [at] };
  writeFileSync(file, JSON.stringify({ rule_files: [], tests: [one] }));
  try {
    execFileSync("promtool", ["test", "rules", file], { stdio: "pipe" });
    return true;
  } catch {
    return false;
  }
}

test("each drill counts once in the mean time to repair, however long its figure stayed", () => {
  expect(isSo(drillRepair("7d"), 200)).toBe(true);
});

test("the control: the mean over time is another, and the check notices it", () => {
  expect(isSo("avg_over_time(drill_rto_seconds[7d])", 200)).toBe(false);
  expect(isSo(drillRepair("7d"), 300)).toBe(false);
});
