import {
  ADMISSION_SHED_TOTAL,
  PG_POOL_CONNECTIONS,
  PG_POOL_WAIT_SECONDS,
  QUEUE_JOBS,
  QUEUE_OLDEST_JOB_AGE_SECONDS,
} from "@media/service/metric-names";
import {
  database,
  eventLoop,
  type Figure,
  memoryShare,
  podFigures,
  redis,
  throttled,
  whereTimeGoes,
} from "./figures.ts";
import { rowsHeld } from "./rows.ts";

/** Where a request passes, from the machine to the database, and what each tier can run out of. */
export const TIERS: Readonly<Record<string, readonly Figure[]>> = {
  node: [
    {
      name: "CPU in use",
      unit: "ratio",
      by: ["instance"],
      query: `1 - avg by (instance) (rate(node_cpu_seconds_total{mode="idle"}[$w]))`,
    },
    {
      name: "memory in use",
      unit: "ratio",
      by: ["instance"],
      query: "1 - node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes",
    },
    {
      name: "disk at work",
      unit: "ratio",
      by: ["device"],
      query: "max by (device) (rate(node_disk_io_time_seconds_total[$w]))",
    },
    {
      name: "time in which something waited for a CPU",
      unit: "ratio",
      by: ["instance"],
      query: "max by (instance) (rate(node_pressure_cpu_waiting_seconds_total[$w]))",
    },
  ],
  network: [
    {
      name: "dropped packets",
      unit: "per second",
      by: ["pod"],
      query:
        `sum by (pod) (rate(container_network_receive_packets_dropped_total{namespace="$ns"}[$w]))` +
        ` + sum by (pod) (rate(container_network_transmit_packets_dropped_total{namespace="$ns"}[$w]))`,
    },
  ],
  gateway: [
    ...podFigures("gateway"),
    {
      name: "connections",
      unit: "count",
      by: ["pod"],
      query: `sum by (pod) (gateway_connections{namespace="$ns",state="active"})`,
    },
  ],
  web: podFigures("web"),
  api: [
    ...podFigures("api"),
    throttled("api"),
    memoryShare("api"),
    ...eventLoop("api"),
    ...whereTimeGoes,
    {
      name: "wait for a database connection, 99th percentile",
      unit: "seconds",
      by: ["pool"],
      query: `histogram_quantile(0.99, sum by (le, pool) (rate(${PG_POOL_WAIT_SECONDS}_bucket{namespace="$ns",job="api"}[$w])))`,
    },
    {
      name: "connections of the pools",
      unit: "count",
      by: ["pool", "state"],
      query: `sum by (pool, state) (${PG_POOL_CONNECTIONS}{namespace="$ns",job="api"})`,
    },
    {
      name: "requests shed",
      unit: "per second",
      by: ["priority"],
      query: `sum by (priority) (rate(${ADMISSION_SHED_TOTAL}{namespace="$ns"}[$w]))`,
    },
  ],
  worker: [
    ...podFigures("worker"),
    throttled("worker"),
    memoryShare("worker"),
    ...eventLoop("worker"),
    {
      name: "jobs",
      unit: "count",
      by: ["queue", "state"],
      query: `max by (queue, state) (${QUEUE_JOBS}{namespace="$ns"})`,
    },
    {
      name: "age of the oldest job due",
      unit: "seconds",
      by: ["queue"],
      query: `max by (queue) (${QUEUE_OLDEST_JOB_AGE_SECONDS}{namespace="$ns"})`,
    },
  ],
  doubles: podFigures("doubles"),
  pgbouncer: [
    ...podFigures("pgbouncer"),
    {
      name: "clients that wait",
      unit: "count",
      by: ["database"],
      query: `sum by (database) (pgbouncer_pools_client_waiting_connections{namespace="$ns"})`,
    },
    {
      name: "clients that wait, mean",
      unit: "count",
      by: ["database"],
      query: `sum by (database) (rate(pgbouncer_stats_client_wait_seconds_total{namespace="$ns"}[$w]))`,
    },
    {
      name: "server connections in use",
      unit: "ratio",
      by: ["database"],
      query: `sum by (database) (pgbouncer_pools_server_active_connections{namespace="$ns"}) / on (database) label_replace(sum by (name) (pgbouncer_databases_pool_size{namespace="$ns"}), "database", "$1", "name", "(.+)")`,
    },
  ],
  postgres: [
    ...podFigures("postgres"),
    throttled("postgres"),
    memoryShare("postgres"),
    ...database,
    {
      name: "connections",
      unit: "count",
      by: ["pod"],
      query: `sum by (pod) (pg_stat_database_numbackends{namespace="$ns"})`,
    },
    {
      name: "commits",
      unit: "per second",
      by: ["pod"],
      query: `sum by (pod) (rate(pg_stat_database_xact_commit{namespace="$ns"}[$w]))`,
    },
    rowsHeld,
    {
      name: "replication lag",
      unit: "seconds",
      by: ["pod"],
      query: `max by (pod) (pg_replication_lag_seconds{namespace="$ns"})`,
    },
  ],
  "redis-cache": [...podFigures("redis-cache"), ...redis("redis-cache")],
  "redis-state": [...podFigures("redis-state"), ...redis("redis-state")],
  prometheus: podFigures("prometheus"),
  loki: podFigures("loki"),
  jaeger: podFigures("jaeger"),
  collector: podFigures("collector"),
};
