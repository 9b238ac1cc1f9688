import { expect, test } from "@jest/globals";
import { judge, restarts } from "./restarts.ts";

const ended = (id: string, position: string) => ({ id, position, status: "available" });
const good = {
  observed: {
    calls: 10,
    failures: [],
    created: ["a", "b"],
    received: [{ id: "a", position: "1", status: "pending" }, ended("a", "2"), ended("b", "3")],
    published: ["1", "2", "3"],
    reconnections: 1,
  },
  outcomes: ["a", "b"].map((id) => ({ id, status: "available", downloads: 1 })),
};
const nothing = { requestsFailed: 0, eventsLost: 0, eventsDoubled: 0, jobsLost: 0, jobsDoubled: 0 };

test("a run without faults counts nothing", () => {
  expect(judge(good.observed, good.outcomes)).toMatchObject(nothing);
});

test.each([
  ["a failed call", { failures: [{ at: "", what: "", answer: "502" }] }, {}, { requestsFailed: 1 }],
  ["an end that was not published", { received: [ended("a", "2")], published: ["2"] }, {}, { eventsLost: 1 }],
  ["an event that was published and not received", { published: ["1", "2", "3", "4"] }, {}, { eventsLost: 1 }],
  ["an event received twice", { received: [...good.observed.received, ended("b", "3")] }, {}, { eventsDoubled: 2 }],
  ["an end published twice", { received: [...good.observed.received, ended("b", "9")] }, {}, { eventsDoubled: 1 }],
  ["a job that was not done", {}, { status: "pending" }, { jobsLost: 1 }],
  ["a job done twice", {}, { downloads: 2 }, { jobsDoubled: 1 }],
])("negative control: %s", (_name, observed, outcome, counted) => {
  const [first, second] = good.outcomes as [(typeof good.outcomes)[0], (typeof good.outcomes)[0]];
  expect(judge({ ...good.observed, ...observed }, [first, { ...second, ...outcome }])).toMatchObject({
    ...nothing,
    ...counted,
  });
});

test.each(["0", "-1", "1.5", "many"])("%s restarts are refused", (count) => {
  expect(() => restarts.check?.({ count })).toThrow(`"${count}" is not a number of restarts`);
});
