import fc from "fast-check";
import { Histogram, type OpenMetricsContentType, Registry } from "prom-client";
import { QuickHistogram } from "./histogram.ts";

const LABELS = ["method", "status"];
const BOUNDS = [0.01, 0.1, 1];

function registryOf(): Registry<OpenMetricsContentType> {
  const registry = new Registry<OpenMetricsContentType>();
  registry.setContentType(Registry.OPENMETRICS_CONTENT_TYPE);
  return registry;
}

async function shown(
  observe: (labels: Record<string, string>, value: number) => void,
  registry: Registry<OpenMetricsContentType>,
) {
  observe({ method: "GET", status: "200" }, 0.05);
  return (await registry.metrics()).split("\n").sort();
}

function ours() {
  const registry = registryOf();
  const metric = new QuickHistogram("h", "H.", LABELS, BOUNDS);
  registry.registerMetric(metric as never);
  return { registry, metric };
}

test("shows what prom-client's own would, whatever is observed", async () => {
  const observation = fc.tuple(
    fc.constantFrom("GET", "POST", 'a"b\\c'),
    fc.constantFrom("200", "500"),
    fc.oneof(fc.constantFrom(0, ...BOUNDS), fc.double({ min: 0, max: 5, noNaN: true })),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(observation, { maxLength: 40 }), async (all) => {
      const registry = registryOf();
      const options = { name: "h", help: "H.", labelNames: LABELS, buckets: BOUNDS, registers: [registry] };
      const theirs = new Histogram({ ...options, enableExemplars: true });
      const { registry: own, metric } = ours();
      for (const [method, status, value] of all) {
        theirs.observe({ labels: { method, status }, value });
        metric.observe({ status, method }, value, null);
      }
      expect(await shown((labels, value) => metric.observe(labels, value, null), own)).toEqual(
        await shown((labels, value) => theirs.observe({ labels, value }), registry),
      );
    }),
  );
});

test("a bucket leads to the newest trace that fell into it; a trace that was not kept leads nowhere", async () => {
  const { registry, metric } = ours();
  const labels = { method: "GET", status: "200" };
  metric.observe(labels, 0.05, "a".repeat(32));
  metric.observe(labels, 0.06, "b".repeat(32));
  metric.observe(labels, 0.07, null);
  metric.observe(labels, 7, null);
  const buckets = (await registry.metrics()).split("\n").filter((line) => line.startsWith("h_bucket"));
  expect(buckets[1]).toMatch(
    /^h_bucket\{le="0.1",method="GET",status="200"\} 3 # \{trace_id="b{32}"\} 0.06 \d+(\.\d+)?$/,
  );
  expect(buckets.filter((line) => line.includes("#"))).toHaveLength(1);
  expect(buckets.at(-1)).toBe('h_bucket{le="+Inf",method="GET",status="200"} 4');
});
