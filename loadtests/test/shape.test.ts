import { describe, expect, test } from "@jest/globals";
import type { Interval, Result } from "../results/result.ts";
import { expand, rateAt } from "../shapes/expand.ts";
import { LEVELS, type LevelName, SHAPES, type ShapeName } from "../shapes/shapes.ts";
import { perSecond } from "../tools/arrivals.ts";
import { findingsOf } from "../verdict/shape.ts";

/** A run in which the p95 of a second follows from the rate (sessions a second) and the moment. */
function run(
  shape: ShapeName,
  level: LevelName,
  p95Ms: (rate: number, at: number) => number,
  series: Result["resources"]["series"] = [],
): Result {
  const stretches = expand(SHAPES[shape], LEVELS[level], { rate: 1 });
  const seconds = stretches.reduce((sum, stretch) => sum + stretch.seconds, 0);
  const intervals = Array.from({ length: Math.floor(seconds) }, (_, atSeconds): Interval => {
    const us = p95Ms(rateAt(stretches, atSeconds + 0.5) / 60, atSeconds) * 1_000;
    return { atSeconds, requests: 10, failed: 0, p50Us: us, p95Us: us, p99Us: us, maxUs: us, users: 1 };
  });
  return { config: { shape, level, stretches }, intervals, resources: { series } } as unknown as Result;
}

describe("a run of shape", () => {
  test("stress says up to which rate the objectives were kept", () => {
    expect(findingsOf(run("stress", "normal", (rate) => (rate > 13 ? 900 : 50)))).toEqual([
      "The objectives were kept up to 12 sessions/s, and missed at 16 sessions/s: p95 900 ms, 0 % failed.",
    ]);
    expect(findingsOf(run("stress", "normal", () => 50))[0]).toContain("kept up to 32 sessions/s, the highest rate");
    expect(findingsOf(run("stress", "normal", () => 900))[0]).toContain("missed at 4 sessions/s, the lowest rate");
  });

  test("spike says how long after the rush answers were as quick as before", () => {
    const slowUntil = (end: number) => (rate: number, at: number) => (rate > 10 || (at >= 60 && at < end) ? 800 : 40);
    expect(findingsOf(run("spike", "normal", slowUntil(97)))[0]).toMatch(
      /p95 40 ms before the rush, 800 ms .* 7 s after it/,
    );
    expect(findingsOf(run("spike", "normal", slowUntil(900)))[0]).toContain("did not become as quick as before");
  });

  test("soak says how latency drifted, and whose memory grew", () => {
    const points = Array.from({ length: 40 }, (_, at) => ({ at, value: 100 + at * 2 }));
    const leak = { tier: "api", name: "memory", unit: "bytes", of: "api-1", points } as const;
    const found = findingsOf(run("soak", "normal", (_, at) => 40 + at / 100, [leak]));
    expect(found[0]).toMatch(/p95 went from \d+ ms in the second quarter to \d+ ms in the last \(\+\d/);
    expect(found[1]).toMatch(/^api api-1: memory grew by \d/);
    const even = points.map(({ at }) => ({ at, value: 100 }));
    expect(findingsOf(run("soak", "normal", () => 40, [{ ...leak, points: even }]))[1]).toContain(
      "No tier's memory grew",
    );
  });

  test("volume says how many rows the database held", () => {
    const rows = {
      tier: "postgres",
      name: "rows",
      unit: "count",
      of: "requests",
      points: [{ at: 1, value: 5 }],
    } as const;
    expect(findingsOf(run("volume", "normal", () => 40, [rows]))).toEqual(["The database held 5 requests."]);
    expect(findingsOf(run("volume", "normal", () => 40))[0]).toContain("is not known");
  });

  test("any, at level gradual, says from which rate on they were missed", () => {
    expect(findingsOf(run("load", "gradual", (rate) => (rate > 2 ? 900 : 40)))[0]).toMatch(
      /missed from 2(\.\d+)? sessions\/s on/,
    );
    expect(findingsOf(run("load", "gradual", () => 40))[0]).toContain("kept up to the highest rate");
  });
});

test("arrivals by the second hold every moment once", () => {
  expect(perSecond([0, 10, 999.9, 1_000, 1_500, 1_999, 4_000])).toEqual([
    { seconds: 2, count: 3 },
    { seconds: 2, count: 0 },
    { seconds: 1, count: 1 },
  ]);
  expect(perSecond([])).toEqual([{ seconds: 1, count: 0 }]);
});
