import {
  BUSINESS_ACTIVE,
  BUSINESS_REQUESTS,
  CACHE_LOOKUPS_TOTAL,
  LOGINS_TOTAL,
  PG_POOL_CONNECTIONS,
  PG_RECENT_QUERY_MEAN_SECONDS,
  PG_SLOW_QUERIES_TOTAL,
  PROBE_SUCCESS,
  QUEUE_JOBS,
  QUEUE_OLDEST_JOB_AGE_SECONDS,
  SOCKET_CLIENTS,
} from "@media/service/metric-names";

/**
 * PromQL that panels and rules share, so that an alert and its panel cannot ask different questions. `window` is a range
 * such as "5m", or "$__rate_interval" on a panel.
 */

/** Names of series that other programs make; the contract's test compares them with a real scrape. */
const RESPONSES = "gateway_http_responses_total";
const DURATIONS = "gateway_http_request_duration_seconds_bucket";

/** Zero where a counter has no series yet: the first event makes it. */
const orZero = (expr: string) => `(${expr}) or vector(0)`;

export const cpuShare = (window: string) =>
  `1 - avg by (instance) (rate(node_cpu_seconds_total{mode="idle"}[${window}]))`;
export const memoryShare = () =>
  "1 - sum by (instance) (node_memory_MemAvailable_bytes) / sum by (instance) (node_memory_MemTotal_bytes)";
/** The fullest of the machine's own file systems. */
export const diskShare = () =>
  'max by (instance) (1 - node_filesystem_avail_bytes{fstype!~"tmpfs|overlay|squashfs|ramfs"} / node_filesystem_size_bytes{fstype!~"tmpfs|overlay|squashfs|ramfs"})';
export const uptimeSeconds = () => "max(node_time_seconds - node_boot_time_seconds)";

export const responseQuantile = (quantile: number, window: string) =>
  `histogram_quantile(${quantile}, sum by (le) (rate(${DURATIONS}[${window}])))`;
export const answersPerSecond = (window: string) => `sum(rate(${RESPONSES}[${window}]))`;
export const answersByStatus = (window: string) => `sum by (status) (rate(${RESPONSES}[${window}]))`;
export const errorsPerSecond = (window: string) => orZero(`sum(rate(${RESPONSES}{status=~"5.."}[${window}]))`);
export const errorShare = (window: string) => `(${errorsPerSecond(window)}) / ${answersPerSecond(window)}`;
/** Of all answers in the window, those without an error of ours. */
export const availability = (window: string) =>
  `1 - (${orZero(`sum(increase(${RESPONSES}{status=~"5.."}[${window}]))`)}) / sum(increase(${RESPONSES}[${window}]))`;
export const socketClients = () => `sum(${SOCKET_CLIENTS})`;

export const connectionShare = () =>
  "sum by (pod) (pg_stat_activity_count) / max by (pod) (pg_settings_max_connections)";
export const poolUsed = () => `sum by (pool) (${PG_POOL_CONNECTIONS}{state="busy"})`;
export const recentQuerySeconds = () => `max(${PG_RECENT_QUERY_MEAN_SECONDS})`;
export const slowQueries = (window: string) => orZero(`sum(increase(${PG_SLOW_QUERIES_TOTAL}[${window}]))`);
export const cacheHitShare = (window: string) =>
  `sum(increase(${CACHE_LOOKUPS_TOTAL}{result="hit"}[${window}])) / sum(increase(${CACHE_LOOKUPS_TOTAL}[${window}]))`;
export const redisHitShare = (window: string) =>
  `sum(increase(redis_keyspace_hits_total{job="redis-cache"}[${window}])) / (sum(increase(redis_keyspace_hits_total{job="redis-cache"}[${window}])) + sum(increase(redis_keyspace_misses_total{job="redis-cache"}[${window}])))`;

/** One worker at a time has the figures of the business; around its change there are two. */
export const requestsIn = (period: "day" | "week") =>
  `sum(max by (media_type) (${BUSINESS_REQUESTS}{period="${period}"}))`;
export const queueJobs = () => `sum by (state) (max by (queue, state) (${QUEUE_JOBS}{state!="delayed"}))`;
export const queueAgeSeconds = () => `max by (queue) (${QUEUE_OLDEST_JOB_AGE_SECONDS})`;
export const activeToday = () => `sum by (kind) (max by (kind) (${BUSINESS_ACTIVE}{period="day"}))`;
export const logins = (window: string) => orZero(`sum(increase(${LOGINS_TOTAL}[${window}]))`);
export const outsideHealth = () => `min by (service) (${PROBE_SUCCESS})`;

export const firingAlerts = () => 'ALERTS{alertstate="firing",severity!="heartbeat"}';
export const alertCount = (severity: string) => orZero(`count(ALERTS{alertstate="firing",severity="${severity}"})`);
