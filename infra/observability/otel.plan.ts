import { portOf } from "../lib/endpoints.ts";

/** What the collector, the log agent and Jaeger have in common: all are built from the OpenTelemetry Collector. */

/** On all addresses: the default is loopback, which no other pod reaches. */
export function otlpReceiver(workload: "collector" | "jaeger") {
  return {
    protocols: {
      grpc: { endpoint: `0.0.0.0:${portOf(workload, "otlp-grpc")}` },
      http: { endpoint: `0.0.0.0:${portOf(workload, "otlp-http")}` },
    },
  };
}

export function telemetry(workload: "collector" | "jaeger" | "log-agent") {
  // Written out, because the defaults differ between versions, and with them the metrics' names.
  const names = { without_scope_info: true, without_type_suffix: false, without_units: false };
  const prometheus = { host: "0.0.0.0", port: portOf(workload, "metrics"), ...names };
  return {
    logs: { level: "warn", encoding: "json" },
    metrics: { readers: [{ pull: { exporter: { prometheus } } }] },
  };
}

export function healthCheck(workload: "collector" | "log-agent") {
  return { health_check: { endpoint: `0.0.0.0:${portOf(workload, "health")}` } };
}

/** Refuses data before the container's limit is reached; senders keep it and try again. */
export const MEMORY_LIMITER = { check_interval: "1s", limit_percentage: 75, spike_limit_percentage: 20 };
