import { stringify } from "yaml";
import type { Tier } from "../config/tiers.ts";
import { address } from "../lib/endpoints.ts";
import type { DeploymentSpec } from "../lib/workload.types.ts";
import { healthCheck, MEMORY_LIMITER, otlpReceiver, telemetry } from "./otel.plan.ts";

/** Takes traces from the services and hands them to Jaeger, holding on to them while it is away. */
export function collectorPlan(sizes: Tier["collector"]): DeploymentSpec {
  return {
    name: "collector",
    component: "observability",
    replicas: sizes.replicas,
    image: "otelcol",
    args: ["--config=/etc/otelcol/collector.yaml"],
    files: { config: { path: "/etc/otelcol", data: { "collector.yaml": collectorConfig() } } },
    connectsTo: ["jaeger-otlp:otlp-grpc"],
    metrics: { port: "metrics" },
    probes: {
      startup: { path: "/", port: "health" },
      readiness: { path: "/", port: "health" },
      liveness: { path: "/", port: "health", failures: 6 },
    },
    resources: { cpuMilli: 20, memoryMi: sizes.memoryMi },
  };
}

export function collectorConfig(): string {
  return stringify({
    receivers: { otlp: otlpReceiver("collector") },
    processors: { memory_limiter: MEMORY_LIMITER, batch: { timeout: "1s" } },
    exporters: {
      "otlp_grpc/jaeger": {
        endpoint: address("jaeger-otlp:otlp-grpc"),
        tls: { insecure: true },
        retry_on_failure: { max_elapsed_time: "10m" },
      },
    },
    extensions: healthCheck("collector"),
    service: {
      extensions: ["health_check"],
      pipelines: {
        traces: { receivers: ["otlp"], processors: ["memory_limiter", "batch"], exporters: ["otlp_grpc/jaeger"] },
      },
      telemetry: telemetry("collector"),
    },
  });
}
