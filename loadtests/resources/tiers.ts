import {
  ADMISSION_SHED_TOTAL,
  EVENT_LOOP_SECONDS_TOTAL,
  PG_POOL_CONNECTIONS,
  PG_POOL_WAIT_SECONDS,
  QUEUE_JOBS,
  QUEUE_OLDEST_JOB_AGE_SECONDS,
} from "@media/service/metric-names";
import type { Series } from "../results/result.ts";

/** A figure of a tier. `$ns` in the query is the stack's namespace, `$w` the window of rates. */
export interface Figure {
  readonly name: string;
  readonly unit: Series["unit"];
  readonly query: string;
  /** Labels that tell its series apart. */
  readonly by: readonly string[];
}

/** The whole pod as cAdvisor sees it: the series of its cgroup has no image. */
function podFigures(tier: string): readonly Figure[] {
  const pods = `namespace="$ns",pod=~"${tier}-([0-9]+|[a-z0-9]+(-[a-z0-9]+)?)",image=""`;
  return [
    { name: "CPU", unit: "cores", by: ["pod"], query: `sum by (pod) (rate(container_cpu_usage_seconds_total{${pods}}[$w]))` },
    { name: "memory", unit: "bytes", by: ["pod"], query: `sum by (pod) (container_memory_working_set_bytes{${pods}})` },
  ];
}

const throttled = (tier: string): Figure => ({
  name: "throttled share of CPU periods",
  unit: "ratio",
  by: ["pod"],
  query: `sum by (pod) (rate(container_cpu_cfs_throttled_periods_total{namespace="$ns",pod=~"${tier}-.+"}[$w])) / sum by (pod) (rate(container_cpu_cfs_periods_total{namespace="$ns",pod=~"${tier}-.+"}[$w]))`,
});

const eventLoop = (tier: string): Figure => ({
  name: "event loop at work",
  unit: "ratio",
  by: ["pod"],
  query: `sum by (pod) (rate(${EVENT_LOOP_SECONDS_TOTAL}{state="active",namespace="$ns",job="${tier}"}[$w])) / sum by (pod) (rate(${EVENT_LOOP_SECONDS_TOTAL}{namespace="$ns",job="${tier}"}[$w]))`,
});

const redis = (tier: string): readonly Figure[] => [
  {
    name: "commands",
    unit: "per second",
    by: ["pod"],
    query: `sum by (pod) (rate(redis_commands_processed_total{namespace="$ns",job="${tier}"}[$w]))`,
  },
  {
    name: "evicted keys",
    unit: "per second",
    by: ["pod"],
    query: `sum by (pod) (rate(redis_evicted_keys_total{namespace="$ns",job="${tier}"}[$w]))`,
  },
];

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
    eventLoop("api"),
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
    eventLoop("worker"),
    { name: "jobs", unit: "count", by: ["queue", "state"], query: `max by (queue, state) (${QUEUE_JOBS}{namespace="$ns"})` },
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
  ],
  postgres: [
    ...podFigures("postgres"),
    throttled("postgres"),
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
