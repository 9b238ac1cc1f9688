import { board } from "../library/board.ts";
import { lines, number, rows } from "../library/short.ts";

const rate = (metric: string) => `rate(${metric}[$__rate_interval])`;

/** Whether what watches everything works itself. */
export const telemetry = () =>
  board({
    uid: "telemetry",
    title: "Telemetry of the telemetry",
    description: "Are metrics, logs and traces collected without loss, and how long will there be room for them?",
    tags: ["infrastructure"],
    rows: [
      { title: "Metrics", panels: metrics() },
      { title: "Rules and notifications", panels: rules() },
      { title: "Logs", panels: logs() },
      { title: "Traces", panels: traces() },
    ],
  });

const metrics = () => [
  number("Targets Down", "short", "Targets that did not answer their last scrape.", ["count(up == 0) or vector(0)"], {
    limit: { warning: 1, critical: 3 },
    decimals: 0,
  }),
  number("Series", "short", "Series in memory.", ["sum(prometheus_tsdb_head_series)"], { trend: true }),
  number("Samples", "ops", "Stored per second.", [`sum(${rate("prometheus_tsdb_head_samples_appended_total")})`], {
    trend: true,
  }),
  number("Stored", "bytes", "Blocks and write-ahead log on Prometheus' volume.", [
    ["sum(prometheus_tsdb_storage_blocks_bytes)", "blocks"],
    ["sum(prometheus_tsdb_wal_storage_size_bytes)", "write-ahead log"],
  ]),
  rows("Targets", "s", "How long the slowest scrape of each job took.", "max by (job) (scrape_duration_seconds)", {
    job: "job",
    Value: "scrape",
  }),
  rows(
    "Samples by Job",
    "short",
    "What each job costs: samples of a scrape.",
    "sum by (job) (scrape_samples_scraped)",
    { job: "job", Value: "samples" },
  ),
];

const rules = () => [
  lines("Rules", "s", "Seconds that each group of rules takes.", [
    ["max by (rule_group) (prometheus_rule_group_last_duration_seconds)", "{{rule_group}}"],
  ]),
  lines("Rules That Failed", "short", "In ten minutes. A rule that cannot be evaluated cannot fire.", [
    ["sum(increase(prometheus_rule_evaluation_failures_total[10m]))", "failed"],
    ["sum(increase(prometheus_rule_group_iterations_missed_total[10m]))", "missed"],
  ]),
  lines("Exemplars", "short", "Kept by Prometheus: each leads from a point to its trace.", [
    ["sum(prometheus_tsdb_exemplar_exemplars_in_storage)", "kept"],
  ]),
];

const logs = () => [
  lines("Lines", "ops", "Taken from files, and sent to Loki.", [
    [`sum(${rate("otelcol_receiver_accepted_log_records_total")})`, "taken"],
    [`sum(${rate("otelcol_exporter_sent_log_records_total")})`, "sent"],
    [`sum(${rate("loki_distributor_lines_received_total")})`, "received by Loki"],
  ]),
  lines("Volume", "Bps", "Bytes of lines that Loki takes.", [
    [`sum(${rate("loki_distributor_bytes_received_total")})`, "received"],
  ]),
  lines("Queues", "short", "What the collectors keep because its receiver does not take it.", [
    ["sum by (exporter) (otelcol_exporter_queue_size)", "{{exporter}}"],
  ]),
];

const traces = () => [
  lines("Spans", "ops", "Accepted by the collector, sent to Jaeger, and failed.", [
    [`sum(${rate("otelcol_receiver_accepted_spans_total")})`, "accepted"],
    [`sum(${rate("otelcol_exporter_sent_spans_total")})`, "sent"],
    [`sum(${rate("otelcol_exporter_send_failed_spans_total")}) or vector(0)`, "failed"],
  ]),
  lines("Refused", "ops", "What the collectors did not take for want of memory.", [
    [`sum(${rate("otelcol_receiver_refused_spans_total")})`, "spans"],
    [`sum(${rate("otelcol_receiver_refused_log_records_total")})`, "lines"],
  ]),
  lines("Memory", "bytes", "Of each part of the telemetry.", [
    [
      'sum by (pod) (container_memory_working_set_bytes{pod=~"(alertmanager|collector|grafana|jaeger|log-agent|loki|prometheus|pushgateway)-.*",container!=""})',
      "{{pod}}",
    ],
  ]),
];
