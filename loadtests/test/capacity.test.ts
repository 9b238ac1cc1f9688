import { expect, test } from "@jest/globals";
import { throughputAt } from "../analysis/usl.ts";
import { costOfAnswers, costOfRoutes } from "../report/bottleneck.ts";
import { capacityOf, foretold } from "../report/capacity.ts";
import { madeResult } from "./made-result.ts";

const loads = [1, 2, 4, 6, 8, 12, 16, 20];
const planted = { lambda: 40, alpha: 0.08, beta: 0.002 };
const run = (work: readonly number[]) =>
  madeResult({
    figures: {
      "api/requests at work, mean of /search": { unit: "count", values: work.map((load) => load * 0.75) },
      "api/requests at work, mean of /requests": { unit: "count", values: work.map((load) => load * 0.25) },
      "api/answers of /search": { unit: "per second", values: work.map((load) => throughputAt(planted, load) / 2) },
      "api/answers of /requests": { unit: "per second", values: work.map((load) => throughputAt(planted, load) / 2) },
      "api/CPU of api-1": { unit: "cores", values: work.map(() => 0.5) },
    },
  });

test("a run of growing load tells the capacity, with the planted knee", () => {
  const [law, knee] = capacityOf(run(loads));
  expect(law).toContain("contention α 0.08 ");
  expect(knee).toMatch(/^knee at 21\.4: /);
});

test("the law of the lower loads foretells the throughput at the highest, unless something else begins there", () => {
  const at = (broken: boolean) =>
    Array.from({ length: 20 }, (_, index): [number, number] => {
      const load = index + 1;
      return [load, throughputAt(planted, load) * (broken && load > 16 ? 0.5 : 1)];
    });
  const error = ({ predicted, measured } = { predicted: 0, measured: 1 }) => Math.abs(predicted / measured - 1);
  expect(error(foretold(at(false)))).toBeLessThan(0.01);
  expect(error(foretold(at(true)))).toBeGreaterThan(0.5);
  expect(foretold(at(false).slice(0, 6))).toBeUndefined();
  expect(capacityOf(run([...loads, 24, 28])).at(-1)).toMatch(
    /^the law of the lower loads foretells .* \([+-]?0\.0 %\)$/,
  );
});

test("a run of one load tells none", () => {
  expect(capacityOf(run(loads.map(() => 4)))).toEqual([expect.stringContaining("not measured: the load did not grow")]);
  expect(capacityOf(run([1, 2]))).toEqual([expect.stringContaining("not measured: requests were seen at work at 2")]);
});

/** Moments at which so many requests were at work, of a stack that has no limit, give or take a tenth. */
const unlimited = (work: readonly number[]) => {
  const { resources, ...made } = run(work);
  const noise = (index: number) => 1 + 0.1 * Math.sin(7 * index);
  const series = resources.series.map((one) => ({
    ...one,
    points:
      one.name === "answers"
        ? one.points.map((point, index) => ({ ...point, value: 20 * (work[index] ?? 0) * noise(index) }))
        : one.points,
  }));
  return { ...made, resources: { ...resources, series } };
};

test("where the intervals are wider than the values, it says that the capacity was not measured", () => {
  const steady = [0.1, 0.2, 0.4, 0.2, 0.3, 0.1, 0.3, 0.4, 0.2, 0.3];
  expect(capacityOf(unlimited(steady))).toEqual([expect.stringContaining("not measured: up to 0.4 requests at work")]);
  expect(capacityOf(unlimited([...loads, ...loads]))).toEqual([expect.stringContaining("no limit came into sight")]);
  for (const result of [unlimited(steady), unlimited(loads)])
    for (const [, value, half] of capacityOf(result)
      .join()
      .matchAll(/([\d.e+-]+) ± ([\d.e+-]+)/g))
      expect(Number(half)).toBeLessThan(Number(value));
});

test("where the law does not fit, no capacity is told", () => {
  const noisy = run(loads);
  const series = noisy.resources.series.map((one) => ({
    ...one,
    points: one.points.map((point, index) => ({ ...point, value: point.value * (index % 2 === 0 ? 1 : 6) })),
  }));
  const answers = series.map((one) =>
    one.name === "answers"
      ? one
      : {
          ...one,
          points: noisy.resources.series.find(({ name, of }) => name === one.name && of === one.of)?.points ?? [],
        },
  );
  const [line] = capacityOf({ ...noisy, resources: { ...noisy.resources, series: answers } });
  expect(line).toContain("no capacity is told");
});

test("the cost of answers is told by route and by tier", () => {
  expect(costOfRoutes(run(loads)).map(([route, share]) => [route, share])).toEqual([
    ["/search", "75.0 %"],
    ["/requests", "25.0 %"],
  ]);
  expect(costOfAnswers(run(loads))[0]?.[0]).toBe("api");
});
