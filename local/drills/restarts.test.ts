import { expect, test } from "@jest/globals";
import { judge } from "./restarts.ts";

const ended = (id: string, at: string) => ({ id, at, status: "available" });
const well = {
  seen: {
    calls: 10,
    failures: [],
    made: ["a", "b"],
    heard: [{ id: "a", at: "1", status: "pending" }, ended("a", "2"), ended("b", "3")],
    told: ["1", "2", "3"],
    reconnections: 1,
  },
  outcomes: ["a", "b"].map((id) => ({ id, status: "available", downloads: 1 })),
};
const nothing = { requestsFailed: 0, eventsLost: 0, eventsDoubled: 0, jobsLost: 0, jobsDoubled: 0 };

test("where everybody got what they should nothing is counted", () => {
  expect(judge(well.seen, well.outcomes)).toMatchObject(nothing);
});

test.each([
  ["a failed call", { failures: [{ at: "", what: "", answer: "502" }] }, {}, { requestsFailed: 1 }],
  ["an end nobody heard of", { heard: [ended("a", "2")], told: ["2"] }, {}, { eventsLost: 1 }],
  ["an event that was told and not heard", { told: ["1", "2", "3", "4"] }, {}, { eventsLost: 1 }],
  ["an event told twice", { heard: [...well.seen.heard, ended("b", "3")] }, {}, { eventsDoubled: 2 }],
  ["an end told twice", { heard: [...well.seen.heard, ended("b", "9")] }, {}, { eventsDoubled: 1 }],
  ["a job that nobody did", {}, { status: "pending" }, { jobsLost: 1 }],
  ["a job done twice", {}, { downloads: 2 }, { jobsDoubled: 1 }],
])("negative control: %s", (_name, seen, outcome, counted) => {
  const [first, second] = well.outcomes as [(typeof well.outcomes)[0], (typeof well.outcomes)[0]];
  expect(judge({ ...well.seen, ...seen }, [first, { ...second, ...outcome }])).toMatchObject({
    ...nothing,
    ...counted,
  });
});
