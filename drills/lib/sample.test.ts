import { expect, test } from "@jest/globals";
import { median, summaryOf } from "./sample.ts";

test.each([
  [[3], { n: 1, min: 3, median: 3, max: 3 }],
  [[4, 1, 3], { n: 3, min: 1, median: 3, max: 4 }],
  [[4, 1, 3, 2], { n: 4, min: 1, median: 2.5, max: 4 }],
])("the summary of %j", (values, summary) => {
  expect(summaryOf(values)).toEqual(summary);
});

test("few values have no 95th percentile", () => {
  const upTo = (most: number) => Array.from({ length: most }, (_, i) => i + 1);
  expect(summaryOf(upTo(59))).not.toHaveProperty("p95");
  expect(summaryOf(upTo(100))).toEqual({ n: 100, min: 1, median: 50.5, p95: 95, max: 100 });
});

test("without a value there is no figure", () => {
  expect(() => summaryOf([])).toThrow("no figure");
  expect(median([])).toBeNaN();
});
