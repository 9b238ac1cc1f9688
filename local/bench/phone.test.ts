import { expect, test } from "@jest/globals";
import { type Timeline, visitOf } from "./phone.ts";

const TIMELINE: Timeline = {
  paints: [400, 900],
  shifts: [0.01, 0.005],
  // A tap is several events of one interaction.
  events: [
    { interaction: 7, duration: 24 },
    { interaction: 7, duration: 64 },
    { interaction: 8, duration: 32 },
  ],
  scriptBytes: 110_500,
};

test("the last paint, the slowest interaction, the sum of shifts and the scripts are a visit's figures", () => {
  expect(visitOf(TIMELINE)).toEqual({ lcpSeconds: 0.9, inpMilliseconds: 64, cls: 0.015, scriptKilobytes: 110.5 });
  expect(visitOf({ ...TIMELINE, shifts: [] }).cls).toBe(0);
});

test.each([
  ["largest paint", { paints: [] }],
  ["interaction", { events: [] }],
  ["script", { scriptBytes: 0 }],
])("without a %s nothing was measured", (what, missing) => {
  expect(() => visitOf({ ...TIMELINE, ...missing })).toThrow(`no ${what} was seen`);
});
