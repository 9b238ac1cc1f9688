import { describe, expect, test } from "@jest/globals";
import { problemsOf } from "../journeys/check.ts";
import { JOURNEYS } from "../journeys/index.ts";
import { makePlan } from "../plan/plan.ts";
import { arrivals, expand, rateAt, secondsOf } from "../shapes/expand.ts";
import { LEVELS, type LevelName, SHAPES, type ShapeName } from "../shapes/shapes.ts";

const stretches = expand(SHAPES.smoke, LEVELS.normal, { rate: 2 });
const plan = (seed: number) => makePlan({ journeys: JOURNEYS, stretches, seed, titleOffset: 5 });

test("the journeys keep to the API's contract", () => {
  expect(problemsOf(JOURNEYS)).toEqual([]);
});

describe("a plan", () => {
  test("is the same for the same seed, and another for another", () => {
    expect(plan(3)).toEqual(plan(3));
    expect(plan(3)).not.toEqual(plan(4));
  });

  test("asks for each title once, from the offset on", () => {
    const titles = plan(3).sessions.flatMap(({ requests }) =>
      requests.flatMap(({ body }) => (body ? [JSON.parse(body).tmdbId] : [])),
    );
    expect(titles).toEqual(titles.map((_, index) => 6 + index));
  });

  test("has the journeys by their weights", () => {
    const many = makePlan({
      journeys: JOURNEYS,
      stretches: expand(SHAPES.smoke, LEVELS.normal, { rate: 100 }),
      seed: 1,
      titleOffset: 0,
    });
    const browsing = many.sessions.filter(({ requests }) => many.steps[requests[0]?.step ?? 0]?.journey === "browse");
    expect(browsing.length / many.sessions.length).toBeCloseTo(0.6, 1);
  });

  test("is refused where it would be too much", () => {
    const much = () =>
      makePlan({ journeys: JOURNEYS, stretches: [{ seconds: 3_600, perMinute: 10_000_000 }], seed: 1, titleOffset: 0 });
    expect(much).toThrow(/would send up to/);
  });
});

describe("arrivals", () => {
  const every = Object.keys(SHAPES).flatMap((shape) =>
    Object.keys(LEVELS).map((level) => [shape, level] as [ShapeName, LevelName]),
  );

  test.each(every)("of %s at level %s are in order, in time, and as many as the rate says", (shape, level) => {
    const expanded = expand(SHAPES[shape], LEVELS[level], { rate: 1, seconds: 300 });
    const times = arrivals(expanded);
    expect(secondsOf(expanded)).toBeCloseTo(300, 3);
    expect(times).toEqual([...times].sort((a, b) => a - b));
    expect(times.at(-1)).toBeLessThanOrEqual(300_000 + 1);
    let sum = 0;
    for (let at = 0.005; at < 300; at += 0.01) sum += rateAt(expanded, at) / 60 / 100;
    expect(Math.abs(times.length - sum)).toBeLessThan(2);
  });

  test("of a ramp from nothing come where the area under it is whole", () => {
    // 0 to 2 a second in 10 s: the n-th comes after sqrt(10 n) s.
    const times = arrivals([{ seconds: 10, perMinute: 120 }]);
    expect(times).toHaveLength(10);
    times.forEach((time, index) => {
      expect(time).toBeCloseTo(Math.sqrt(10 * (index + 1)) * 1_000, 3);
    });
  });
});
