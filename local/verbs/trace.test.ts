import { expect, test } from "@jest/globals";
import { addressOf } from "./open.ts";
import { type JaegerTrace, story } from "./trace-story.ts";

const span = (spanID: string, startTime: number, parent?: string, error = false): JaegerTrace["spans"][number] => ({
  spanID,
  operationName: `work ${spanID}`,
  startTime,
  duration: 1_500,
  processID: "p1",
  references: parent ? [{ refType: "CHILD_OF", spanID: parent }] : [],
  tags: error ? [{ key: "error", value: true }] : [],
});

test("spans and lines of a trace stand in the order of their times, children below their parents", () => {
  const trace = { processes: { p1: { serviceName: "api" } }, spans: [span("b", 3_000, "a", true), span("a", 1_000)] };
  const lines = story(trace, [
    { at: 2_000, line: '{"level":"info","component":"api","msg":"request","status":201,"path":"/x"}' },
    { at: 9_000, line: "plain" },
  ]);
  expect(lines.map((line) => line.replace(/ +/g, " "))).toEqual([
    " 0.0 ms 1.5 ms api work a",
    " 1.0 ms | info api request 201 /x",
    " 2.0 ms 1.5 ms api work b ERROR",
    " 8.0 ms | plain",
  ]);
  expect(lines[2]).toContain("ms    api work b");
});

test("a page that the stack has is opened at its address", () => {
  expect(addressOf("web", { gatewayUrl: "https://127.0.0.1:1" })).toBe("https://127.0.0.1:1/");
});

test.each([
  [undefined, "is no page"],
  ["graphs", "is no page"],
  ["dashboards", "there is no dashboards to open"],
])("what cannot be opened is told: %s", (what, problem) => {
  expect(() => addressOf(what, { gatewayUrl: "https://127.0.0.1:1" })).toThrow(problem);
});
