import { describe, expect, test } from "@jest/globals";
import { compare, inWords, judge } from "../baselines/compare.ts";
import { bootstrap, hodgesLehmann, holm, mannWhitney } from "../baselines/statistics.ts";
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

const normal = (random: () => number) => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());

/** A figure of ten runs that varies by 3 % from run to run. */
const runs = (random: () => number, factor: number) =>
  Array.from({ length: 10 }, () => 100 * factor * (1 + 0.03 * normal(random)));

/** Ten runs' p50, p95 and p99: half of what varies (in variance) they have in common, as runs on one machine do. */
function figures(random: () => number, factor: number, varies: number): readonly number[][] {
  const common = Array.from({ length: 10 }, () => normal(random));
  return [50, 100, 150].map((ms) =>
    common.map((shared) => ms * factor * (1 + varies * Math.SQRT1_2 * (shared + normal(random)))),
  );
}

/** In how many of the rounds a comparison of ten runs with ten says that one of its figures became slower or faster. */
function shareFound(factor: number, varies: number, rounds: number): number {
  const random = randomFrom(11);
  let found = 0;
  for (let round = 0; round < rounds; round++) {
    const [before, now] = [figures(random, 1, varies), figures(random, factor, varies)];
    if (
      judge(before.map((a, index) => [a, now[index] as number[]] as const)).some((one) => one.verdict !== "no change")
    )
      found += 1;
  }
  return found / rounds;
}

test.each([
  ["no change in at most 5 % of cases", 1, 0.03, 0, 0.05],
  ["no change in at most 5 % of cases, with runs that vary much", 1, 0.06, 0, 0.05],
  ["5 % in at least 80 % of cases", 1.05, 0.03, 0.8, 1],
  ["10 % always", 1.1, 0.03, 1, 1],
  ["negative control: of 5 % too few, with runs that vary by 6 %", 1.05, 0.06, 0, 0.8],
])("10 against 10 runs find %s", (_, factor, varies, least, most) => {
  const share = shareFound(factor, varies, 300);
  expect(share).toBeGreaterThanOrEqual(least);
  expect(share).toBeLessThanOrEqual(most);
});

test("Holm's method gives the adjusted values of a worked example", () => {
  // R: p.adjust(c(0.01, 0.04, 0.03), "holm")
  expect(holm([0.01, 0.04, 0.03]).map((p) => Number(p.toFixed(4)))).toEqual([0.03, 0.06, 0.06]);
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
