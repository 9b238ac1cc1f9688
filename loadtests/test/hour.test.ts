import { expect, test } from "@jest/globals";
import { hourOf } from "../bench/report.ts";
import { thinned } from "../report/charts.ts";
import { htmlReport } from "../report/html.ts";
import type { Result } from "../results/result.ts";
import { madeResult } from "./made-result.ts";

const MEGABYTE = 1e6;

function hour(): Result {
  const made = madeResult();
  const [step] = made.steps;
  const lines = Array.from({ length: 8 }, (_, index) => ({ ...step, journey: "browse", name: `step ${index}` }));
  return hourOf({
    ...made,
    config: {
      ...made.config,
      seed: 1,
      titleOffset: 0,
      plan: "0".repeat(64),
      stretches: [{ seconds: 3_600, perMinute: 60 }],
    },
    run: { ...made.run, startedAt: new Date(1_790_000_000_000).toISOString() },
    versions: {},
    slowest: [],
    sessions: { planned: 3_600, begun: 3_600, ended: 3_600 },
    generator: { cpuSeconds: 60, lateness: "", latenessP99Us: 900, dropped: 0 },
    steps: lines as Result["steps"],
  });
}

test("the page of an hour's run is below a megabyte, and draws every figure of every tier", () => {
  const result = hour();
  const page = htmlReport(result);
  const figures = new Set(result.resources.series.map(({ tier, name }) => `${tier}/${name}`));
  expect(page.match(/<svg/g)?.length).toBe(figures.size + 4);
  expect(page.length).toBeLessThan(MEGABYTE);
  expect(page).toContain("svg text{font:10px");
  // The control: with a point for every reading of the figures the page would not be.
  const readings = result.resources.series.reduce((sum, { points }) => sum + points.length, 0);
  expect(page.length + readings * "L173.4 118.6".length).toBeGreaterThan(MEGABYTE);
}, 240_000);

test("a peak of one reading is drawn", () => {
  const points = Array.from({ length: 240 }, (_, at) => [at, at === 101 ? 9 : 1] as const);
  const drawn = thinned(points, 80);
  expect(drawn).toHaveLength(80);
  expect(drawn.filter(([, value]) => value === 9)).toHaveLength(1);
});
