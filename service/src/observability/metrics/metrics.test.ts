import { createMetrics } from "./metrics.ts";
import * as names from "./names.ts";
import { LATENCY_OBJECTIVES, SLOW_QUERY_SECONDS } from "./objectives.ts";

const constants = Object.entries(names).filter(
  ([, value]) => typeof value === "string" && value !== names.UNMATCHED_ROUTE,
);

test("every name has its labels, and no label is one that a caller could fill at will", () => {
  expect(Object.keys(names.LABELS).sort()).toEqual(constants.map(([, value]) => value as string).sort());
  expect(Object.values(names.LABELS).flat()).not.toEqual(expect.arrayContaining(["path", "user", "title", "id"]));
});

test("names follow Prometheus: the constant spells the metric's unit and kind", () => {
  for (const [constant, name] of constants) {
    expect(name).toMatch(/^[a-z][a-z0-9_]*$/);
    if (constant.endsWith("_TOTAL")) expect(name).toMatch(/_total$/);
    if (constant.endsWith("_SECONDS")) expect(name).toMatch(/_seconds$/);
  }
});

test("counters and histograms come out under their names, in OpenMetrics", async () => {
  const metrics = createMetrics("9.9.9");
  metrics.requestCreated({ media_type: "movie" });
  metrics.httpRequest({ method: "GET", route: "/x", status: "200" }, 0.2);
  const text = await metrics.registry.metrics();
  expect(text).toContain('media_requests_created_total{media_type="movie"} 1');
  expect(text).toContain(
    'http_server_request_duration_seconds_bucket{le="0.2",method="GET",route="/x",status="200"} 1',
  );
  expect(text).toContain('media_build_info{version="9.9.9"} 1');
  expect(text).toContain("nodejs_eventloop_lag_p99_seconds");
  // No trace is active here, so there is nothing an exemplar could lead to.
  expect(text).not.toContain("trace_id");
});

test("a bucket leads to the newest trace that fell into it; a trace that was not recorded leads nowhere", async () => {
  const metrics = createMetrics("1");
  const labels = { method: "GET", route: "/x", status: "200" };
  metrics.httpRequest(labels, 0.05, "a".repeat(32));
  metrics.httpRequest(labels, 0.045, "b".repeat(32));
  metrics.httpRequest(labels, 0.046, null);
  metrics.httpRequest(labels, 70, null);
  const text = await metrics.registry.metrics();
  const buckets = text.split("\n").filter((line) => line.startsWith("http_server_request_duration_seconds_bucket"));
  const leading = buckets.filter((line) => line.includes("#"));
  expect(leading).toHaveLength(1);
  expect(leading[0]).toMatch(/le="0.05",.*\} 3 # \{trace_id="b{32}"\} 0.045 \d+(\.\d+)?$/);
  expect(buckets.at(-1)).toBe(
    'http_server_request_duration_seconds_bucket{le="+Inf",method="GET",route="/x",status="200"} 4',
  );
});

test.each(Object.entries(LATENCY_OBJECTIVES))("the objective of %s is on the edge of a bucket", (_name, objective) => {
  expect(names.DURATION_BUCKETS_SECONDS).toContain(objective.seconds);
  expect(Object.keys(names.LABELS)).toContain(objective.metric);
  expect(objective.ratio).toBeGreaterThan(0.5);
  expect(objective.ratio).toBeLessThan(1);
});

test("the control: between two edges nothing can be promised", () => {
  expect(names.DURATION_BUCKETS_SECONDS).toContain(SLOW_QUERY_SECONDS);
  expect(names.DURATION_BUCKETS_SECONDS).not.toContain(0.25);
  expect([...names.DURATION_BUCKETS_SECONDS].sort((a, b) => a - b)).toEqual([...names.DURATION_BUCKETS_SECONDS]);
});
