import * as limit from "../thresholds.ts";

/** How a rule is tried: series that depend on one number, and the number at which the rule begins to fire. */
export interface Case {
  rule: string;
  /** Series in promtool's notation for that number; samples every 15 s for a quarter of an hour. */
  series: (level: number) => Record<string, string>;
  /** The last number at which it must be silent. */
  silent: number;
  /** The first number at which it must fire: as near to `silent` as the arithmetic allows. */
  fires: number;
  /** How many alerts it makes then. @default 1 */
  alerts?: number;
}

const SAMPLES = 60;
/** A gauge that stays as it is. */
const gauge = (value: number) => `${value}+0x${SAMPLES}`;
/** A counter that grows by so much a second. */
const counter = (perSecond: number) => `0+${perSecond * 15}x${SAMPLES}`;

const disk = (share: number) => ({
  'node_filesystem_size_bytes{instance="n",fstype="ext4",mountpoint="/"}': gauge(1000),
  'node_filesystem_avail_bytes{instance="n",fstype="ext4",mountpoint="/"}': gauge(1000 * (1 - share)),
  // A disk in memory is always full of itself: it does not count.
  'node_filesystem_size_bytes{instance="n",fstype="tmpfs",mountpoint="/run"}': gauge(1000),
  'node_filesystem_avail_bytes{instance="n",fstype="tmpfs",mountpoint="/run"}': gauge(0),
});

/** Answers of the gateway: so many a second, and a share of them errors. */
const answers = (share: number, perSecond = 20) => ({
  'gateway_http_responses_total{status="200"}': counter(perSecond * (1 - share)),
  'gateway_http_responses_total{status="503"}': counter(perSecond * share),
});

const durations = (shareInTime: number) => ({
  'gateway_http_request_duration_seconds_bucket{source="service",le="0.3"}': counter(10 * shareInTime),
  'gateway_http_request_duration_seconds_bucket{source="service",le="0.5"}': counter(10),
  'gateway_http_request_duration_seconds_bucket{source="service",le="+Inf"}': counter(10),
  ...answers(0),
});

/** Every rule, on both sides of its limit. */
export const CASES: readonly Case[] = [
  {
    rule: "NodeCpuHigh",
    series: (share) => ({ 'node_cpu_seconds_total{instance="n",cpu="0",mode="idle"}': counter(1 - share) }),
    silent: limit.CPU_SHARE.warning - 0.001,
    fires: limit.CPU_SHARE.warning + 0.001,
  },
  {
    rule: "NodeMemoryHigh",
    series: (share) => ({
      'node_memory_MemTotal_bytes{instance="n"}': gauge(1000),
      'node_memory_MemAvailable_bytes{instance="n"}': gauge(1000 * (1 - share)),
    }),
    silent: limit.MEMORY_SHARE.warning - 0.001,
    fires: limit.MEMORY_SHARE.warning + 0.001,
  },
  {
    rule: "NodeDiskHigh",
    series: disk,
    silent: limit.DISK_SHARE.warning - 0.001,
    fires: limit.DISK_SHARE.warning + 0.001,
  },
  {
    rule: "NodeDiskFull",
    series: disk,
    silent: limit.DISK_SHARE.critical - 0.001,
    fires: limit.DISK_SHARE.critical + 0.001,
  },
  {
    rule: "ErrorRateHigh",
    series: answers,
    silent: limit.ERROR_SHARE.critical - 0.001,
    fires: limit.ERROR_SHARE.critical + 0.001,
  },
  {
    // One error of two in an hour of almost no traffic says nothing.
    rule: "ErrorRateHigh",
    series: (perSecond) => answers(0.5, perSecond),
    silent: limit.ERROR_TRAFFIC_FLOOR * 0.99,
    fires: limit.ERROR_TRAFFIC_FLOOR * 1.01,
  },
  // The number is the share of answers within the objective: with 95 of 100 it is just kept.
  { rule: "ResponseTimeHigh", series: durations, silent: 0.951, fires: 0.949 },
  {
    rule: "ServiceDown",
    series: (up) => ({ 'up{job="api",instance="a"}': gauge(0), 'up{job="api",instance="b"}': gauge(up) }),
    silent: 1,
    fires: 0,
  },
  {
    rule: "ErrorGroupNew",
    series: (perSecond) => ({ 'media_error_groups_total{change="new"}': counter(perSecond) }),
    silent: 0,
    fires: 0.001,
  },
  {
    rule: "DatabaseConnectionsHigh",
    series: (used) => ({
      'pg_stat_activity_count{pod="p",state="active"}': gauge(used),
      'pg_stat_activity_count{pod="p",state="idle"}': gauge(40),
      'pg_settings_max_connections{pod="p"}': gauge(100),
    }),
    silent: limit.CONNECTION_SHARE.warning * 100 - 40,
    fires: limit.CONNECTION_SHARE.warning * 100 - 39,
  },
  {
    rule: "DatabaseDown",
    series: (replica) => ({
      'pg_replication_is_replica{pod="a"}': gauge(replica),
      'pg_replication_is_replica{pod="b"}': gauge(1),
    }),
    silent: 0,
    fires: 1,
  },
  {
    rule: "QueryTimeHigh",
    series: (seconds) => ({
      'media_pg_recent_query_mean_seconds{pod="a"}': gauge(seconds),
      'media_pg_recent_query_mean_seconds{pod="b"}': gauge(0),
    }),
    silent: limit.QUERY_SECONDS.warning,
    fires: limit.QUERY_SECONDS.warning + 0.001,
  },
  {
    rule: "SlowQueriesMany",
    series: (inFiveMinutes) => ({ 'media_pg_slow_queries_total{query="q"}': counter(inFiveMinutes / 300) }),
    silent: limit.SLOW_QUERIES.warning - 0.01,
    fires: limit.SLOW_QUERIES.warning + 0.01,
  },
  {
    rule: "QueueDelayed",
    series: (seconds) => ({
      'media_queue_oldest_job_age_seconds{queue="deliver-request"}': gauge(seconds),
      'media_queue_oldest_job_age_seconds{queue="follow-download"}': gauge(0),
    }),
    silent: limit.QUEUE_AGE_SECONDS.warning,
    fires: limit.QUEUE_AGE_SECONDS.warning + 1,
  },
  {
    rule: "OutsideServiceDown",
    series: (up) => ({
      'media_probe_success{service="tmdb"}': gauge(up),
      'media_probe_success{service="plex"}': gauge(1),
    }),
    silent: 1,
    fires: 0,
  },
];
