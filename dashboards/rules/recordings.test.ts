import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "@jest/globals";
import { stringify } from "yaml";
import { seasonDays } from "../library/signals.ts";
import { written } from "./cases/case.ts";
import { rulesYaml } from "./index.ts";

const folder = mkdtempSync(join(tmpdir(), "media-recordings-"));
afterAll(() => rmSync(folder, { recursive: true }));

const DAY = 86_400;
const EVERY = 300;

/** What Prometheus has recorded of three days with 10, 12 and 20 answers a second, and of the hours after them. */
function check(expectations: [expr: string, seconds: number, value: number | undefined][]): void {
  const days = written(
    {
      rates: [
        [DAY, 10],
        [DAY, 12],
        [DAY, 20],
        [DAY / 4, 15],
      ],
    },
    EVERY / 3,
    3.25 * DAY,
  );
  writeFileSync(join(folder, "rules.yaml"), rulesYaml([]));
  const tests = {
    rule_files: ["rules.yaml"],
    evaluation_interval: "60s",
    tests: [
      {
        interval: `${EVERY / 3}s`,
        input_series: [{ series: 'gateway_http_responses_total{status="200"}', values: days }],
        promql_expr_test: expectations.map(([expr, seconds, value]) => ({
          expr,
          eval_time: `${seconds}s`,
          exp_samples: value === undefined ? [] : [{ labels: "{}", value }],
        })),
      },
    ],
  };
  writeFileSync(join(folder, "tests.yaml"), stringify(tests));
  execFileSync("promtool", ["test", "rules", join(folder, "tests.yaml")], { encoding: "utf8", stdio: "pipe" });
}

const of = (what: string) => `round(sum(media:signal${what}{signal="answers"}), 0.01)`;
const AFTER = 3 * DAY + 6000;

test("a signal's median, usual distance and number of days come from the same hour of the days before", () => {
  check([
    [of(""), AFTER, 15],
    // At this hour it was 10, 12 and 20; from 12, they are 2, 0 and 8 away.
    [of("_seasons"), AFTER, 3],
    [of("_median"), AFTER, 12],
    [of("_mad"), AFTER, 2],
    // Half a day in, there is no baseline.
    [of("_seasons"), DAY / 2, undefined],
  ]);
});

test("and the check fails on another number", () => {
  expect(() => check([[of("_median"), AFTER, 14]])).toThrow(/FAILED/);
});

test("the season fits what is kept; where it cannot, the rules say so", () => {
  expect([192, 360, 720].map(seasonDays)).toEqual([7, 7, 7]);
  expect(() => rulesYaml([], { retentionHours: 48 })).toThrow("prometheus.retentionHours is 48");
});
