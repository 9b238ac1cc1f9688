import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { changePoints } from "../baselines/change-points.ts";
import { historiesOf, historyOf, runsIn } from "../baselines/history.ts";
import { randomFrom } from "../lib/random.ts";
import { madeResult } from "./made-result.ts";

/** Yearly flow of the Nile at Aswan from 1871 to 1970, 10⁸ m³ (R's dataset Nile; Cobb, 1978): it fell in 1899. */
const NILE = [
  1120, 1160, 963, 1210, 1160, 1160, 813, 1230, 1370, 1140, 995, 935, 1110, 994, 1020, 960, 1180, 799, 958, 1140, 1100,
  1210, 1150, 1250, 1260, 1220, 1030, 1100, 774, 840, 874, 694, 940, 833, 701, 916, 692, 1020, 1050, 969, 831, 726, 456,
  824, 702, 1120, 1100, 832, 764, 821, 768, 845, 864, 862, 698, 845, 744, 796, 1040, 759, 781, 865, 845, 944, 984, 897,
  822, 1010, 771, 676, 649, 846, 812, 742, 801, 1040, 860, 874, 848, 890, 744, 749, 838, 1050, 918, 986, 797, 923, 975,
  815, 1020, 906, 901, 1170, 912, 746, 919, 718, 714, 740,
];

const normal = (random: () => number) => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
/** Values about each level, so many a level, that vary by a share of it. */
const series = (random: () => number, varies: number, ...levels: readonly [number, number][]) =>
  levels.flatMap(([level, count]) => Array.from({ length: count }, () => level * (1 + varies * normal(random))));

test("the flow of the Nile changed in 1899, as was published, and not again", () => {
  const found = changePoints(NILE);
  expect(found.map(({ at }) => 1871 + at)).toEqual([1899]);
  expect(found[0]?.before).toBeGreaterThan(found[0]?.after as number);
});

test("each of several planted changes is found within a run", () => {
  const found = changePoints(series(randomFrom(2), 0.02, [100, 20], [110, 20], [95, 20]));
  expect(found).toHaveLength(2);
  for (const [index, at] of [20, 40].entries()) expect(Math.abs((found[index]?.at ?? 0) - at)).toBeLessThanOrEqual(1);
});

/** In which share of the series a change is found. */
function shareFound(factor: number, varies: number, rounds: number): number {
  const random = randomFrom(9);
  let found = 0;
  for (let round = 0; round < rounds; round++)
    if (changePoints(series(random, varies, [100, 20], [100 * factor, 20])).length > 0) found += 1;
  return found / rounds;
}

test.each([
  ["no change in at most 5 % of histories", 1, 0.03, 0, 0.05],
  ["5 % in at least 80 %", 1.05, 0.03, 0.8, 1],
  ["10 % always", 1.1, 0.03, 1, 1],
  ["negative control: a change of 1 % never, as it is below what counts", 1.01, 0.001, 0, 0],
])("a history of forty runs shows %s", (_, factor, varies, least, most) => {
  const share = shareFound(factor, varies, 40);
  expect(share).toBeGreaterThanOrEqual(least);
  expect(share).toBeLessThanOrEqual(most);
});

test("too few values have none, and equal ones have none", () => {
  expect(changePoints([1, 1, 1, 9, 9, 9])).toEqual([]);
  expect(changePoints(Array.from({ length: 40 }, () => 5))).toEqual([]);
});

describe("a history", () => {
  const runs = (...ms: readonly number[]) => ms.map((one, index) => madeResult({ ms: one, seed: index + 1 }));
  const ten = (ms: number) => Array.from({ length: 10 }, () => ms);

  test("names the run since which answers are slower, and says so by its verdict", () => {
    const { lines, slower } = historyOf("dev", runs(...ten(100), ...ten(120)));
    expect(lines[0]).toMatch(/^p50: \d+\.\d ms before, \d+\.\d ms since run made-11: \+\d+\.\d %, p = 0\.0\d+$/);
    expect(slower).toBe(true);
  });

  test("that became quicker again is not slower, nor is one without a change", () => {
    expect(historyOf("dev", runs(...ten(100), ...ten(120), ...ten(90))).slower).toBe(false);
    expect(historyOf("dev", runs(...ten(100), ...ten(100)))).toMatchObject({ lines: [], slower: false });
  });

  test("of an empty folder, or with a broken file, is refused", () => {
    const dir = mkdtempSync(join(tmpdir(), "history-"));
    expect(() => historiesOf(runsIn(dir), dir)).toThrow(/holds no results/);
    writeFileSync(join(dir, "20261129T080000Z-custom-load-1234.json"), "{");
    expect(() => runsIn(dir)).toThrow(/20261129T080000Z/);
  });
});
