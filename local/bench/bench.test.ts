import { expect, test } from "@jest/globals";
import { summaryOf } from "@media/drills/sample";
import { drillMeasures } from "./drills.ts";
import { type Figure, isMissed, readCauses, readFigures, render } from "./figures.ts";
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

test("the page says why a bound is missed, and what it would take", () => {
  const causes = { start: { cause: "it is slow.", take: "a faster one." } };
  expect(render([figure([12])], causes)).toContain("- **start**: it is slow. It would take: a faster one.");
  expect(render([figure([12])])).toContain("not known yet");
  expect(render([figure([9])], causes)).not.toContain("it is slow");
});

test("each figure that is missed has its cause, and no other has", async () => {
  const missed = (await readFigures()).filter(isMissed).map(({ name }) => name);
  expect(Object.keys(await readCauses()).sort()).toEqual(missed.sort());
});

test("rows lost are of the drills that were run before, and without one there is no figure", async () => {
  await expect(drillMeasures(new Interruptible())["drill-rows-lost"]?.once()).rejects.toThrow(/together with a drill/);
});
