import { stringify } from "yaml";
import type { Tier } from "../config/tiers.ts";
import { portOf } from "../lib/endpoints.ts";
import type { DeploymentSpec } from "../lib/workload.types.ts";

const DATA = "/loki";
/** The few labels by which lines are found; everything else is structured metadata, which costs no stream. */
const INDEX_LABELS = ["service.name", "k8s.namespace.name", "k8s.container.name"];

/** All of Loki in one process on one volume. */
export function lokiPlan(sizes: Tier["loki"]): DeploymentSpec {
  return {
    name: "loki",
    component: "observability",
    rollout: { recreate: true },
    image: "loki",
    args: ["-config.file=/etc/loki/loki.yaml"],
    files: { config: { path: "/etc/loki", data: { "loki.yaml": lokiConfig(sizes) } } },
    volumes: { data: { type: "claim", path: DATA, sizeGi: sizes.volumeGi } },
    env: { GOMEMLIMIT: `${Math.floor(sizes.memoryMi * 0.8)}MiB` },
    metrics: { port: "http" },
    probes: {
      startup: { path: "/ready", port: "http" },
      readiness: { path: "/ready", port: "http" },
      liveness: { path: "/metrics", port: "http", periodSeconds: 15, failures: 4 },
    },
    resources: { cpuMilli: 25, memoryMi: sizes.memoryMi },
  };
}

export function lokiConfig(sizes: Tier["loki"]): string {
  return stringify({
    auth_enabled: false,
    analytics: { reporting_enabled: false },
    server: { http_listen_port: portOf("loki", "http"), grpc_listen_port: portOf("loki", "grpc"), log_level: "warn" },
    common: {
      path_prefix: DATA,
      replication_factor: 1,
      storage: { filesystem: { chunks_directory: `${DATA}/chunks`, rules_directory: `${DATA}/rules` } },
      // Alone: it needs no other members, and its address is its own.
      instance_addr: "127.0.0.1",
      ring: { instance_addr: "127.0.0.1", kvstore: { store: "inmemory" } },
    },
    // The default waits for other members to settle.
    ingester: { lifecycler: { min_ready_duration: "0s", final_sleep: "0s" }, wal: { flush_on_shutdown: true } },
    schema_config: {
      configs: [
        {
          from: "2026-01-01",
          store: "tsdb",
          object_store: "filesystem",
          schema: "v13",
          index: { prefix: "index_", period: "24h" },
        },
      ],
    },
    compactor: { retention_enabled: true, delete_request_store: "filesystem", working_directory: `${DATA}/compactor` },
    limits_config: {
      retention_period: `${sizes.retentionHours}h`,
      allow_structured_metadata: true,
      otlp_config: {
        resource_attributes: {
          ignore_defaults: true,
          attributes_config: [{ action: "index_label", attributes: INDEX_LABELS }],
        },
      },
    },
    // A query is answered by this process alone: no more workers than it can use.
    querier: { max_concurrent: 4 },
  });
}
