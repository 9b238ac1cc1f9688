import { stringify } from "yaml";
import { portOf } from "../lib/endpoints.ts";
import { namespaceOf, nodeNamespaceOf } from "../lib/naming.ts";
import type { DaemonSetSpec } from "../lib/workload.types.ts";
import { healthCheck, MEMORY_LIMITER, telemetry } from "./otel.plan.ts";

const POSITIONS = "/var/lib/otelcol";
const MEMORY_MI = 192;

/** Reads the log files of the stack's pods on each node and sends them to Loki. */
export function logAgentPlan(stack: string): DaemonSetSpec {
  return {
    name: "log-agent",
    component: "observability",
    kind: "DaemonSet",
    nodeAgent: { root: true },
    image: "otelcol",
    args: ["--config=/etc/otelcol/log-agent.yaml"],
    files: { config: { path: "/etc/otelcol", data: { "log-agent.yaml": logAgentConfig(stack) } } },
    volumes: {
      logs: { type: "host", hostPath: "/var/log/pods", path: "/var/log/pods", readOnly: true },
      // A new pod reads the files again; Loki drops lines that it already has.
      positions: { type: "scratch", path: POSITIONS, sizeMi: 64 },
    },
    connectsTo: ["loki:http"],
    metrics: { port: "metrics" },
    probes: {
      startup: { path: "/", port: "health" },
      readiness: { path: "/", port: "health" },
      liveness: { path: "/", port: "health", failures: 6 },
    },
    resources: { cpuMilli: 20, memoryMi: MEMORY_MI },
  };
}

export function logAgentConfig(stack: string): string {
  const files = (namespace: string, pods = "*") => `/var/log/pods/${namespace}_${pods}/*/*.log`;
  return stringify({
    receivers: {
      file_log: {
        include: [files(namespaceOf(stack)), files(nodeNamespaceOf(stack))],
        // Its own complaints about a line would be lines to complain about.
        exclude: [files(nodeNamespaceOf(stack), "log-agent-*")],
        include_file_path: true,
        start_at: "beginning",
        poll_interval: "500ms",
        storage: "file_storage",
        retry_on_failure: { enabled: true, max_elapsed_time: "0s" },
        operators: OPERATORS,
      },
    },
    processors: { memory_limiter: MEMORY_LIMITER, transform: { log_statements: CLEAN_UP }, batch: { timeout: "1s" } },
    exporters: { otlp_http: { endpoint: `http://loki.${namespaceOf(stack)}:${portOf("loki", "http")}/otlp` } },
    extensions: { ...healthCheck("log-agent"), file_storage: { directory: POSITIONS } },
    service: {
      extensions: ["health_check", "file_storage"],
      pipelines: {
        logs: {
          receivers: ["file_log"],
          processors: ["memory_limiter", "transform", "batch"],
          exporters: ["otlp_http"],
        },
      },
      telemetry: telemetry("log-agent"),
    },
  });
}

/** The field of a structured line, where it has one. */
const has = (field: string, pattern: string) =>
  `attributes.fields != nil and string(attributes.fields.${field}) matches "${pattern}"`;

/**
 * The line stays as the service wrote it; only what links it to other signals is lifted out: pod, container, level
 * and trace. Loki keeps `trace_id` and `span_id` beside the line as structured metadata.
 */
const OPERATORS = [
  { type: "container" },
  { type: "copy", from: 'resource["k8s.container.name"]', to: 'resource["service.name"]' },
  {
    type: "json_parser",
    if: 'body matches "^\\\\s*{.*}\\\\s*$"',
    parse_to: "attributes.fields",
    // Not every line that looks like JSON is: it is kept as text.
    on_error: "send_quiet",
  },
  {
    type: "trace_parser",
    if: has("trace_id", "^[0-9a-f]{32}$"),
    trace_id: { parse_from: "attributes.fields.trace_id" },
    span_id: { parse_from: "attributes.fields.span_id" },
    on_error: "send_quiet",
  },
  {
    type: "severity_parser",
    if: has("level", "^[a-zA-Z]+$"),
    parse_from: "attributes.fields.level",
    on_error: "send_quiet",
  },
];

/** The time of reading would make a line that is read twice a second line. */
const CLEAN_UP = ['keep_keys(log.attributes, ["log.iostream"])', "set(log.observed_time_unix_nano, 0)"];
