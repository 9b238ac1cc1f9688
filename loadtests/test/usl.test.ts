import { describe, expect, test } from "@jest/globals";
import { fitUsl, inWords, type Measured, quantileOfT, throughputAt } from "../analysis/usl.ts";

/** Throughput of a Cisco router's benchmark by concurrency, from Baron Schwartz, Practical Scalability Analysis (2015). */
const CISCO: readonly Measured[] = [
  955.16, 1878.91, 2688.01, 3548.68, 4315.54, 5130.43, 5931.37, 6531.08, 7219.8, 7867.61, 8278.71, 8646.7, 9047.84,
  9426.55, 9645.37, 9897.24, 10097.6, 10240.5, 10532.39, 10798.52, 11151.43, 11518.63, 11806, 12089.37, 12075.41,
  12177.29, 12211.41, 12158.93, 12155.27, 12118.04, 12140.4, 12074.39,
].map((throughput, index) => [index + 1, throughput]);

describe("the Universal Scalability Law", () => {
  test("has the published parameters of the book's data", () => {
    const usl = fitUsl(CISCO);
    expect(usl.alpha).toBeCloseTo(0.02671591, 5);
    expect(usl.beta).toBeCloseTo(7.690945e-4, 7);
    expect(usl.lambda).toBeCloseTo(995.6486, 1);
    expect(Math.floor(usl.knee?.load ?? 0)).toBe(35);
    expect(usl.knee?.throughput).toBeCloseTo(12_341.7, -1);
    expect(usl.rSquared).toBeGreaterThan(0.99);
  });

  test("predicts the next step of the same data within a tenth", () => {
    for (let known = 8; known < CISCO.length; known++) {
      const usl = fitUsl(CISCO.slice(0, known));
      const [load, throughput] = CISCO[known] as Measured;
      expect(Math.abs(throughputAt(usl, load) / throughput - 1)).toBeLessThan(0.1);
    }
  });

  test("finds planted parameters, inside their intervals, through noise", () => {
    const planted = { lambda: 100, alpha: 0.05, beta: 0.001 };
    const noise = [1.01, 0.99, 1.005, 0.995, 1.01, 0.99, 1, 1.004];
    const measured = noise.map((factor, index): Measured => {
      const load = 2 ** index;
      return [load, throughputAt(planted, load) * factor];
    });
    const usl = fitUsl(measured);
    for (const key of ["lambda", "alpha", "beta"] as const)
      expect(Math.abs(usl[key] - planted[key])).toBeLessThan(usl.plusMinus[key]);
  });

  test("says that there is no knee where there is none", () => {
    const straight = [1, 2, 4, 8, 16].map((load): Measured => [load, 50 * load]);
    const usl = fitUsl(straight);
    expect(usl.knee).toBeUndefined();
    expect(inWords(usl)[1]).toContain("no knee");
  });

  test("tells the room that is left, and refuses too few measurements", () => {
    expect(inWords(fitUsl(CISCO), 10)[2]).toMatch(/^headroom above 10: 62\.4 %$/);
    expect(() => fitUsl(CISCO.slice(0, 3))).toThrow(RangeError);
    expect(() => fitUsl([...CISCO.slice(0, 3), [4, 0]])).toThrow(RangeError);
  });

  test.each([
    [1, 12.706],
    [5, 2.571],
    [10, 2.228],
    [29, 2.045],
  ])("takes Student's t with %d degrees of freedom from the table", (freedom, t) => {
    expect(quantileOfT(freedom)).toBeCloseTo(t, 2);
  });
});
