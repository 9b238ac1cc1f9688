import { expect, test } from "@jest/globals";
import { largestOf, secondsOf } from "./dashboards.ts";

test("a drawing counts where all panels were drawn", () => {
  expect(secondsOf({ state: "10:00:00 UTC, asked 80 ms, drawn 120 ms", at: 450 })).toBe(0.45);
});

test.each(["", "10:00:00 UTC, asked 80 ms, drawn 120 ms, 3 panels failed"])(
  'the control: "%s" is no drawing of all of it',
  (state) => expect(() => secondsOf({ state, at: 450 })).toThrow("has not drawn all panels"),
);

test("the largest board is the one with the most panels, rows not counted", () => {
  const panels = (...types: string[]) => types.map((type) => ({ type }));
  const all = [
    { uid: "rows", panels: panels("row", "row", "row", "stat") },
    { uid: "large", panels: panels("row", "stat", "stat") },
  ];
  expect(largestOf(all)).toEqual({ uid: "large", panels: 2 });
});
