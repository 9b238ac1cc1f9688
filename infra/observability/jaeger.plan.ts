import { stringify } from "yaml";
import type { Tier } from "../config/tiers.ts";
import { portOf } from "../lib/endpoints.ts";
import type { DeploymentSpec } from "../lib/workload.types.ts";
import { otlpReceiver, telemetry } from "./otel.plan.ts";

const DATA = "/var/lib/jaeger";

/** Traces on a volume of its own, kept for the tier's time. */
export function jaegerPlan(sizes: Tier["jaeger"]): DeploymentSpec {
  return {
    name: "jaeger",
    component: "observability",
    // One writer owns the volume, so the old pod goes before the new one starts.
    rollout: { recreate: true },
    image: "jaeger",
    args: ["--config=/etc/jaeger/jaeger.yaml"],
    files: { config: { path: "/etc/jaeger", data: { "jaeger.yaml": jaegerConfig(sizes) } } },
    volumes: { data: { type: "claim", path: DATA, sizeGi: sizes.volumeGi } },
    // Memory: given back before the limit is reached. Traces: its own answers are none, or each look at one would make more.
    env: { GOMEMLIMIT: `${Math.floor(sizes.memoryMi * 0.8)}MiB`, OTEL_TRACES_SAMPLER: "always_off" },
    metrics: { port: "metrics" },
    probes: {
      startup: { path: "/status", port: "health" },
      readiness: { path: "/status", port: "health" },
      liveness: { path: "/status", port: "health", failures: 6 },
    },
    resources: { cpuMilli: 20, memoryMi: sizes.memoryMi },
  };
}

export function jaegerConfig(sizes: Tier["jaeger"]): string {
  const port = (name: "ui" | "health") => `0.0.0.0:${portOf("jaeger", name)}`;
  return stringify({
    receivers: { otlp: otlpReceiver("jaeger") },
    processors: { batch: {} },
    exporters: { jaeger_storage_exporter: { trace_storage: "main" } },
    extensions: {
      healthcheckv2: { use_v2: true, http: { endpoint: port("health") } },
      jaeger_query: {
        storage: { traces: "main" },
        http: { endpoint: port("ui") },
        grpc: { endpoint: "127.0.0.1:16685" },
      },
      jaeger_storage: { backends: { main: { badger: badger(sizes.retentionHours) } } },
    },
    service: {
      extensions: ["healthcheckv2", "jaeger_query", "jaeger_storage"],
      pipelines: { traces: { receivers: ["otlp"], processors: ["batch"], exporters: ["jaeger_storage_exporter"] } },
      telemetry: telemetry("jaeger"),
    },
  });
}

function badger(retentionHours: number) {
  const directories = { keys: `${DATA}/keys`, values: `${DATA}/values` };
  return { ephemeral: false, directories, ttl: { spans: `${retentionHours}h` } };
}
