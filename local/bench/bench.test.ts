import { expect, test } from "@jest/globals";
import { summaryOf } from "@media/drills/sample";
import { drillMeasures } from "./drills.ts";
import { type Figure, render } from "./figures.ts";
import { Interruptible } from "./interrupt.ts";

const figure = (values: number[]): Figure => ({
  name: "start",
  unit: "s",
  bound: 10,
  ...summaryOf(values),
  measuredAt: "2026-11-22T10:00:00Z",
  machine: "2 cores",
});

test("the page says of each bound whether it was kept", () => {
  expect(render([figure([8, 9])])).toContain("| start | 10 s | 8.50 s | 8.00 to 9.00 | 2 | kept | 2026-11-22 |");
  expect(render([figure([8, 9, 11])])).toContain("kept by the median only");
  expect(render([figure([8, 11, 12])])).toContain("| missed |");
  const { bound: _, ...reference } = figure([8]);
  expect(render([reference])).toContain("| start | none | 8.00 s | 8.00 to 8.00 | 1 |  |");
});

test("a bound can be the least as well", () => {
  const ratio = (values: number[]): Figure => ({ ...figure(values), unit: "×", bound: 0.8, atLeast: true });
  expect(render([ratio([0.8, 0.9])])).toContain("| start | ≥ 0.8 × | 0.85 × | 0.80 to 0.90 | 2 | kept |");
  expect(render([ratio([0.7, 0.9, 0.9])])).toContain("kept by the median only");
  expect(render([ratio([0.7, 0.7, 0.9])])).toContain("| missed |");
});

test("rows lost are of the drills that were run before, and without one there is no figure", async () => {
  await expect(drillMeasures(new Interruptible())["drill-rows-lost"]?.once()).rejects.toThrow(/together with a drill/);
});
