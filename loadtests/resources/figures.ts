import {
  EVENT_LOOP_SECONDS_TOTAL,
  HTTP_REQUEST_DURATION_SECONDS,
  PG_POOL_WAIT_SECONDS,
  PG_QUERY_DURATION_SECONDS,
  PG_SLOW_QUERIES_TOTAL,
  UPSTREAM_REQUEST_DURATION_SECONDS,
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
const podsOf = (tier: string) => `namespace="$ns",pod=~"${tier}-([0-9]+|[a-z0-9]+(-[a-z0-9]+)?)",image=""`;

export function podFigures(tier: string): readonly Figure[] {
  const pods = podsOf(tier);
  return [
    {
      name: "CPU",
      unit: "cores",
      by: ["pod"],
      query: `sum by (pod) (rate(container_cpu_usage_seconds_total{${pods}}[$w]))`,
    },
    { name: "memory", unit: "bytes", by: ["pod"], query: `sum by (pod) (container_memory_working_set_bytes{${pods}})` },
  ];
}

export const memoryShare = (tier: string): Figure => ({
  name: "memory of its limit",
  unit: "ratio",
  by: ["pod"],
  query: `max by (pod) (container_memory_working_set_bytes{${podsOf(tier)}}) / max by (pod) (container_spec_memory_limit_bytes{${podsOf(tier)}} > 0)`,
});

export const throttled = (tier: string): Figure => ({
  name: "throttled share of CPU periods",
  unit: "ratio",
  by: ["pod"],
  query: `sum by (pod) (rate(container_cpu_cfs_throttled_periods_total{namespace="$ns",pod=~"${tier}-.+"}[$w])) / sum by (pod) (rate(container_cpu_cfs_periods_total{namespace="$ns",pod=~"${tier}-.+"}[$w]))`,
});

/** What a Node.js process does with its one thread. */
export const eventLoop = (tier: string): readonly Figure[] => [
  {
    name: "event loop at work",
    unit: "ratio",
    by: ["pod"],
    query: `sum by (pod) (rate(${EVENT_LOOP_SECONDS_TOTAL}{state="active",namespace="$ns",job="${tier}"}[$w])) / sum by (pod) (rate(${EVENT_LOOP_SECONDS_TOTAL}{namespace="$ns",job="${tier}"}[$w]))`,
  },
  {
    name: "event loop delay, 99th percentile",
    unit: "seconds",
    by: ["pod"],
    query: `max by (pod) (nodejs_eventloop_lag_p99_seconds{namespace="$ns",job="${tier}"})`,
  },
  {
    name: "garbage collection",
    unit: "ratio",
    by: ["pod"],
    query: `sum by (pod) (rate(nodejs_gc_duration_seconds_sum{namespace="$ns",job="${tier}"}[$w]))`,
  },
];

/**
 * Seconds of waiting per second are, by Little's law, how many requests are at a place at once. All of them against those at
 * work say where the time of a request goes. A transaction counts with its statements.
 */
export const whereTimeGoes: readonly Figure[] = [
  {
    name: "requests at work, mean",
    unit: "count",
    by: ["route"],
    query: `sum by (route) (rate(${HTTP_REQUEST_DURATION_SECONDS}_sum{namespace="$ns",job="api"}[$w]))`,
  },
  {
    name: "waiting for a database connection, mean",
    unit: "count",
    by: ["pool"],
    query: `sum by (pool) (rate(${PG_POOL_WAIT_SECONDS}_sum{namespace="$ns",job="api"}[$w]))`,
  },
  {
    name: "waiting for statements, mean",
    unit: "count",
    by: ["query"],
    query: `topk(8, sum by (query) (rate(${PG_QUERY_DURATION_SECONDS}_sum{namespace="$ns",job="api"}[$w])))`,
  },
  {
    name: "waiting for upstreams, mean",
    unit: "count",
    by: ["upstream"],
    query: `sum by (upstream) (rate(${UPSTREAM_REQUEST_DURATION_SECONDS}_sum{namespace="$ns",job="api"}[$w]))`,
  },
  {
    name: "an upstream's answer, 95th percentile",
    unit: "seconds",
    by: ["upstream"],
    query: `histogram_quantile(0.95, sum by (le, upstream) (rate(${UPSTREAM_REQUEST_DURATION_SECONDS}_bucket{namespace="$ns",job="api"}[$w])))`,
  },
  {
    name: "a statement, 99th percentile",
    unit: "seconds",
    by: ["query"],
    query: `topk(8, histogram_quantile(0.99, sum by (le, query) (rate(${PG_QUERY_DURATION_SECONDS}_bucket{namespace="$ns",job="api"}[$w]))))`,
  },
  {
    name: "slow statements",
    unit: "per second",
    by: ["query"],
    query: `sum by (query) (rate(${PG_SLOW_QUERIES_TOTAL}{namespace="$ns"}[$w])) > 0`,
  },
  {
    name: "answers",
    unit: "per second",
    by: ["route"],
    query: `topk(12, sum by (route) (rate(${HTTP_REQUEST_DURATION_SECONDS}_count{namespace="$ns",job="api"}[$w])))`,
  },
];

/** What PostgreSQL says of its own work. */
export const database: readonly Figure[] = [
  {
    name: "connections of its limit",
    unit: "ratio",
    by: ["pod"],
    query: `sum by (pod) (pg_stat_activity_count{namespace="$ns"}) / max by (pod) (pg_settings_max_connections{namespace="$ns"})`,
  },
  {
    name: "sessions that wait for a lock",
    unit: "count",
    by: ["pod"],
    query: `sum by (pod) (pg_stat_activity_count{namespace="$ns",wait_event_type="Lock"})`,
  },
  {
    name: "sessions at work",
    unit: "count",
    by: ["pod"],
    query: `sum by (pod) (pg_stat_activity_count{namespace="$ns",state="active"})`,
  },
  {
    name: "rows read by sequential scans",
    unit: "per second",
    by: ["relname"],
    query: `topk(5, sum by (relname) (rate(pg_stat_user_tables_seq_tup_read{namespace="$ns"}[$w])))`,
  },
];

export const redis = (tier: string): readonly Figure[] => [
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
  {
    name: "memory of its own limit",
    unit: "ratio",
    by: ["pod"],
    query: `max by (pod) (redis_memory_used_bytes{namespace="$ns",job="${tier}"}) / max by (pod) (redis_memory_max_bytes{namespace="$ns",job="${tier}"} > 0)`,
  },
  {
    name: "look-ups that found nothing",
    unit: "ratio",
    by: ["pod"],
    query: `sum by (pod) (rate(redis_keyspace_misses_total{namespace="$ns",job="${tier}"}[$w])) / sum by (pod) (rate(redis_keyspace_misses_total{namespace="$ns",job="${tier}"}[$w]) + rate(redis_keyspace_hits_total{namespace="$ns",job="${tier}"}[$w]))`,
  },
];
