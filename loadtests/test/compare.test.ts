import { describe, expect, test } from "@jest/globals";
import { compare, inWords } from "../baselines/compare.ts";
import { bootstrap, hodgesLehmann, mannWhitney } from "../baselines/statistics.ts";
import { randomFrom } from "../lib/random.ts";
import { encode, newHistogram, record } from "../results/histogram.ts";
import type { Result } from "../results/result.ts";

describe("the exact Mann-Whitney test", () => {
  test("gives the published p of Hollander and Wolfe's permeability data", () => {
    // R's help of wilcox.test: W = 35, p = 0.1272 one-sided; two-sided is twice that, as there are no ties.
    const atTerm = [0.8, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46];
    const earlier = [1.15, 0.88, 0.9, 0.74, 1.21];
    const { u, p } = mannWhitney(atTerm, earlier);
    expect(u).toBe(35);
    expect(p / 2).toBeCloseTo(0.1272, 4);
    // R's wilcox.test(conf.int = TRUE) estimates 0.305 for atTerm - earlier.
    expect(hodgesLehmann(earlier, atTerm)).toBeCloseTo(0.305, 10);
  });

  test.each([
    [3, 0.1],
    [4, 0.0286],
    [5, 0.0079],
  ])("gives the tabled least p for %d against %d values", (n, p) => {
    const low = Array.from({ length: n }, (_, index) => index);
    const high = low.map((value) => value + 100);
    expect(mannWhitney(low, high).p).toBeCloseTo(p, 4);
  });

  test("says 1 where both sides are the same, also with ties", () => {
    expect(mannWhitney([1, 2, 2, 3], [1, 2, 2, 3]).p).toBe(1);
  });
});

/** Runs whose p95 varies by 3 % from run to run. */
function runs(random: () => number, factor: number): number[] {
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  return Array.from({ length: 10 }, () => 100 * factor * (1 + 0.03 * normal()));
}

test.each([
  ["no change at most 5 % of the time", 1, 0, 0.07],
  ["5 % at least 80 % of the time", 1.05, 0.8, 1],
  ["10 % always", 1.1, 0.99, 1],
])("10 against 10 runs find %s", (_, factor, least, most) => {
  const random = randomFrom(11);
  let found = 0;
  for (let round = 0; round < 400; round++)
    if (mannWhitney(runs(random, 1), runs(random, factor)).p <= 0.05) found += 1;
  expect(found / 400).toBeGreaterThanOrEqual(least);
  expect(found / 400).toBeLessThanOrEqual(most);
});

test("the bootstrap interval holds a planted change, and not nothing", () => {
  const random = randomFrom(5);
  const { low, high } = bootstrap(runs(random, 1), runs(random, 1.1));
  expect(low).toBeGreaterThan(0);
  expect(low).toBeLessThan(10);
  expect(high).toBeGreaterThan(10);
});

describe("runs", () => {
  const random = randomFrom(3);
  const result = (ms: number, shape = "load") => {
    const histogram = newHistogram();
    for (let index = 0; index < 500; index++) record(histogram, ms * 1_000 * (0.9 + 0.2 * random()));
    const config = { shape, level: "normal", rate: 1, journeys: ["browse"] };
    const step = { histogram: encode(histogram) };
    return {
      run: { id: "x", interrupted: false },
      generatorLimited: null,
      tool: { name: "custom" },
      config,
      steps: [step],
    };
  };
  const five = (ms: number, shape?: string) =>
    Array.from({ length: 5 }, () => result(ms, shape)) as unknown as readonly Result[];

  test("that are a tenth slower are called slower, and quicker ones faster", () => {
    const slower = compare(five(100), five(110));
    expect(slower.map(({ figure, verdict }) => [figure, verdict])).toEqual([
      ["p50", "slower"],
      ["p95", "slower"],
      ["p99", "slower"],
    ]);
    expect(slower[0]?.change).toBeCloseTo(0.1, 1);
    expect(inWords(slower[0] as (typeof slower)[number])).toMatch(/^p50: .* ms now: \+\d+\.\d %.*: slower$/);
    expect(compare(five(100), five(80)).every(({ verdict }) => verdict === "faster")).toBe(true);
  });

  test("of the same speed are no change", () => {
    expect(compare(five(100), five(100)).map(({ verdict }) => verdict)).toEqual([
      "no change",
      "no change",
      "no change",
    ]);
  });

  test("that are too few, of other shapes or cut short are refused", () => {
    expect(() => compare(five(100).slice(0, 3), five(100))).toThrow(/3 results as baseline/);
    expect(() => compare(five(100), five(100, "spike"))).toThrow(/of different runs/);
    const [first, ...others] = five(100) as [Result, ...Result[]];
    const cut = { ...first, run: { ...first.run, interrupted: true } };
    expect(() => compare(five(100), [cut, ...others])).toThrow(/was cut short/);
  });
});
