import { expect, test } from "@jest/globals";
import { plotOf } from "./plot.ts";
import { compareWrites, gapAfter, type ProbeRow, type Written } from "./writes.ts";

const START = 1000;
/** Ten rows a second of one writer, with no row while `away`. */
function rowsOf(
  seconds: number,
  away: readonly [number, number] = [0, 0],
  timeline = ["00000001", "00000002"],
): ProbeRow[] {
  const all = Array.from({ length: seconds * 10 }, (_, i) => ({ writer: 0, n: i + 1, at: START + i / 10 }));
  return all
    .filter(({ at }) => at <= START + away[0] || at >= START + away[1])
    .map((row) => ({ ...row, timeline: timeline[row.at < START + away[1] ? 0 : 1] as string }));
}
const writtenOf = (rows: readonly ProbeRow[], unknown: number[] = []): Written => ({
  acknowledged: { "0": rows.filter(({ n }) => !unknown.includes(n)).map(({ n, at }) => [n, at + 0.01] as const) },
  unknown: { "0": unknown },
  refused: 0,
  errors: {},
});

test("the gap is measured between the database's rows, across the change of the timeline", () => {
  const rows = rowsOf(20, [5, 7.5]);
  expect(gapAfter(rows, START + 4.9)).toMatchObject({ seconds: 2.5, timelines: ["00000001", "00000002"] });
});

test("each fault has its own gap, and a fault without a row after it is an error", () => {
  const rows = [
    ...rowsOf(10, [3, 4]),
    ...rowsOf(10, [5, 8]).map((row) => ({ ...row, n: row.n + 1000, at: row.at + 10 })),
  ];
  expect(gapAfter(rows, START + 2, START + 12).seconds).toBeCloseTo(1);
  expect(gapAfter(rows, START + 12).seconds).toBeCloseTo(3);
  expect(() => gapAfter(rows, START + 100)).toThrow("no row was written after the fault");
});

test("nothing is lost where every acknowledged row is there; a row of unknown fate may be there or not", () => {
  const rows = rowsOf(5);
  const there = rows.filter(({ n }) => n !== 8);
  expect(compareWrites(writtenOf(rows, [7, 8]), there)).toMatchObject({
    rowsLost: 0,
    rowsRecovered: 1,
    rowsUnknown: 2,
    rowsUnexpected: 0,
    rpoSeconds: 0,
  });
});

test("negative control: a dropped acknowledged row is lost, and so is the end of an asynchronous primary", () => {
  const rows = rowsOf(5);
  expect(
    compareWrites(
      writtenOf(rows),
      rows.filter(({ n }) => n !== 20),
    ),
  ).toMatchObject({ rowsLost: 1 });
  const behind = compareWrites(writtenOf(rows), rows.slice(0, -10));
  expect(behind).toMatchObject({ rowsLost: 10 });
  expect(behind.rpoSeconds).toBeCloseTo(0.9);
});

test("negative control: a row that was never sent is unexpected", () => {
  const rows = rowsOf(1);
  const odd = { writer: 3, n: 1, at: START, timeline: "00000001" };
  expect(compareWrites(writtenOf(rows), [...rows, odd])).toMatchObject({ rowsUnexpected: 1 });
});

test("a plot counts in steps from the first row", () => {
  const plot = plotOf([1000, 1000.1, 1001], [1000.5], "rows");
  expect(plot).toMatchObject({ stepSeconds: 0.25, counts: [2, 0, 0, 0, 1], faults: [0.5] });
});
