import { createMetrics } from "./metrics.ts";
import * as names from "./names.ts";

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
