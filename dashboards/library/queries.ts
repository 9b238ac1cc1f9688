import { BACKUP_METRICS, DRILL_METRICS } from "@media/drills/metric-names";
import {
  BUSINESS_ACTIVE,
  BUSINESS_REQUESTS,
  CACHE_LOOKUPS_TOTAL,
  ERRORS_TOTAL,
  EVENT_LOOP_SECONDS_TOTAL,
  FOLLOW_UP_OLDEST_AGE_SECONDS,
  FOLLOW_UPS_OPEN,
  INCIDENT_PHASE_SECONDS,
  INCIDENTS_CLOSED_TOTAL,
  INCIDENTS_OPEN,
  JOB_DURATION_SECONDS,
  LOGINS_TOTAL,
  PG_POOL_CONNECTIONS,
  PG_QUERY_DURATION_SECONDS,
  PG_RECENT_QUERY_MEAN_SECONDS,
  PG_SLOW_QUERIES_TOTAL,
  PLAYBOOK_RUNS_TOTAL,
  PROBE_DURATION_SECONDS,
  PROBE_SUCCESS,
  QUEUE_JOBS,
  QUEUE_OLDEST_JOB_AGE_SECONDS,
  REQUESTS_CREATED_TOTAL,
  REQUESTS_DELIVERED_TOTAL,
  SOCKET_CLIENTS,
  WEB_VITAL_SECONDS,
} from "@media/service/metric-names";

/**
 * PromQL that panels and rules share, so that an alert and its panel cannot ask different questions. `window` is a range
 * such as "5m", or "$__rate_interval" on a panel.
 */

/** Names of series that other programs make; the contract's test compares them with a real scrape. */
const RESPONSES = "gateway_http_responses_total";
const DURATIONS = "gateway_http_request_duration_seconds_bucket";

/** File systems that are no disk: they are full by nature. */
const DISKS = 'fstype!~"tmpfs|overlay|squashfs|ramfs"';

/** Zero where a counter has no series yet: the first event makes it. */
const orZero = (expr: string) => `(${expr}) or vector(0)`;

export const cpuShare = (window: string) =>
  `1 - avg by (instance) (rate(node_cpu_seconds_total{mode="idle"}[${window}]))`;
export const memoryShare = () =>
  "1 - sum by (instance) (node_memory_MemAvailable_bytes) / sum by (instance) (node_memory_MemTotal_bytes)";
/** The fullest of the machine's own file systems. */
export const diskShare = () =>
  `max by (instance) (1 - node_filesystem_avail_bytes{${DISKS}} / node_filesystem_size_bytes)`;
export const uptimeSeconds = () => "max(node_time_seconds - node_boot_time_seconds)";

/** Of the API: pages and scripts of the front end come in other times. */
export const responseQuantile = (quantile: number, window: string) =>
  `histogram_quantile(${quantile}, sum by (le) (rate(${DURATIONS}{source!="web"}[${window}])))`;
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
/** Without the sessions of replication and backups, which last as long as they must. */
export const idleTransactionSeconds = () =>
  'max by (pod) (pg_stat_activity_max_tx_duration{state=~"idle in transaction.*"})';
export const runningSeconds = () =>
  'max by (pod) (pg_stat_activity_max_tx_duration{state="active",datname="media",backend_type="client backend"})';
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
/** Of those that answer at all; the prober asks whatever the breakers of the service are. */
export const outsideSeconds = () =>
  `max by (service) (${PROBE_DURATION_SECONDS}) and on (service) ${outsideHealth()} == 1`;
export const outsideHealth = () => `min by (service) (${PROBE_SUCCESS})`;

/** Pods that run and are not ready: what a task leaves behind, and what only starts, is not among them. */
export const podsNotReady = () =>
  'max by (namespace, pod) (kube_pod_status_ready{condition="false"} == 1 and on (namespace, pod) kube_pod_status_phase{phase="Running"} == 1)';

export const openIncidents = () => `sum by (state) (${INCIDENTS_OPEN})`;
/** Mean seconds of a phase of the incidents that were closed in the window; none where none was. */
export const meanPhase = (phase: string, window: string) =>
  `sum(increase(${INCIDENT_PHASE_SECONDS}_sum{phase="${phase}"}[${window}])) / (sum(increase(${INCIDENT_PHASE_SECONDS}_count{phase="${phase}"}[${window}])) > 0)`;
export const closedIncidents = (label: "cause" | "outcome", window: string) =>
  `sum by (${label}) (increase(${INCIDENTS_CLOSED_TOTAL}[${window}])) > 0`;
export const playbookRuns = (window: string) =>
  `sum by (playbook, outcome) (increase(${PLAYBOOK_RUNS_TOTAL}[${window}])) > 0`;

export const followUps = () => `max(${FOLLOW_UPS_OPEN})`;
export const followUpAge = () => `max(${FOLLOW_UP_OLDEST_AGE_SECONDS})`;

export const firingAlerts = () => 'ALERTS{alertstate="firing",severity!="heartbeat"}';
export const alertCount = (severity: string) => orZero(`count(ALERTS{alertstate="firing",severity="${severity}"})`);

export const answersIn = (window: string) => `sum(increase(${RESPONSES}[${window}]))`;
export const errorsIn = (window: string) => orZero(`sum(increase(${RESPONSES}{status=~"5.."}[${window}]))`);
export const requestsCreated = (window: string) => orZero(`sum(increase(${REQUESTS_CREATED_TOTAL}[${window}]))`);
export const requestsDelivered = (window: string) => orZero(`sum(increase(${REQUESTS_DELIVERED_TOTAL}[${window}]))`);
const serviceQuantile = (metric: string) => (quantile: number, window: string) =>
  `histogram_quantile(${quantile}, sum by (le) (rate(${metric}_bucket[${window}])))`;
export const queryQuantile = serviceQuantile(PG_QUERY_DURATION_SECONDS);
export const jobQuantile = serviceQuantile(JOB_DURATION_SECONDS);

/** Shares of a process' time; `pods` is a selector such as {pod=~"api-.*"}. */
export const eventLoopShare = (window: string, pods = "") =>
  `sum by (pod) (rate(${EVENT_LOOP_SECONDS_TOTAL}${withMatcher(pods, 'state="active"')}[${window}])) / sum by (pod) (rate(${EVENT_LOOP_SECONDS_TOTAL}${pods}[${window}]))`;
export const collectionShare = (window: string, pods = "") =>
  `sum by (pod) (rate(nodejs_gc_duration_seconds_sum${pods}[${window}]))`;
const withMatcher = (selector: string, matcher: string) =>
  selector ? selector.replace("}", `,${matcher}}`) : `{${matcher}}`;

export const redisMemoryShare = () => "max by (job, pod) (redis_memory_used_bytes / (redis_memory_max_bytes > 0))";
export const redisDenied = (window: string) =>
  `sum(increase(redis_acl_access_denied_auth_total[${window}]) + increase(redis_acl_access_denied_cmd_total[${window}]) + increase(redis_acl_access_denied_key_total[${window}]))`;

/** What pods that run or wait have asked for, of what nodes can give. */
export const requestedShare = (resource: "cpu" | "memory") =>
  `sum(kube_pod_container_resource_requests{resource="${resource}"} * on (namespace, pod) group_left () max by (namespace, pod) (kube_pod_status_phase{phase=~"Running|Pending"})) / sum(kube_node_status_allocatable{resource="${resource}"})`;
/** Free bytes of the file systems in so many seconds, if they go on filling as in the last six hours. */
export const diskBytesIn = (seconds: number) => `predict_linear(node_filesystem_avail_bytes{${DISKS}}[6h], ${seconds})`;
export const diskFreeIn = (seconds: number) => `${diskBytesIn(seconds)} / node_filesystem_size_bytes`;
/** Of whatever is mounted. */
export const freeShare = () => "node_filesystem_avail_bytes / node_filesystem_size_bytes";
export const connectionShareIn = (seconds: number) => `predict_linear((${connectionShare()})[30m:1m], ${seconds})`;
export const queueJobsIn = (seconds: number) =>
  `predict_linear(max by (queue) (${QUEUE_JOBS}{state="waiting"})[30m:1m], ${seconds})`;

const ofKind = (metric: string) => `max by (kind) (${metric})`;
/** Of the newest drill of each kind, as its job pushed it. */
export const drillSeconds = (what: "rto" | "rpo" | "duration") => ofKind(DRILL_METRICS[what]);
export const drillPassed = () => `min by (kind) (${DRILL_METRICS.passed})`;
export const drillAge = () => `time() - ${ofKind(DRILL_METRICS.lastRun)}`;
const STEP_SECONDS = 300;
/** What is pushed is scraped by then. */
const SCRAPED_SECONDS = 60;
/**
 * Mean recovery time of the drills of each kind. A drill's figure stays until the next one: it counts at the one step of five
 * minutes that comes after its end, so that each drill counts once and no longer for having been the newest for longer.
 */
export const drillRepair = (window: string) =>
  `avg_over_time((${drillSeconds("rto")} and on (kind) (${drillAge()} >= ${SCRAPED_SECONDS} < ${SCRAPED_SECONDS + STEP_SECONDS}))[${window}:${STEP_SECONDS / 60}m])`;

/** Seconds since the newest restore proof, and since the end of the newest backup that one has proved. */
export const proofAge = () => `time() - max(${BACKUP_METRICS.lastProof})`;
export const provedAge = () => `time() - max(${BACKUP_METRICS.provedCompleted})`;
export const proofPassed = () => `min(${BACKUP_METRICS.proofPassed})`;

export const backupAge = () => "min(pg_backup_newest_age_seconds)";
export const archiveWait = () => "max(pg_archive_waiting_age_seconds)";
/** The exporter has the series only while it is so. */
export const archiveDropped = () => "max(pg_archive_dropped_pending)";
/** The volume's own size, not the claim's: a claim that waits for its volume to grow has not grown. */
const volumeBytes = () =>
  'max by (pod) (label_replace(kube_persistentvolumeclaim_info{persistentvolumeclaim=~"data-postgres-.+"} * on (volumename) group_left () max by (volumename) (label_replace(kube_persistentvolume_capacity_bytes, "volumename", "$1", "persistentvolume", "(.+)")), "pod", "$1", "persistentvolumeclaim", "data-(.+)"))';
export const databaseVolumeShare = () =>
  `(sum by (pod) (pg_database_size_bytes) + max by (pod) (pg_wal_size_bytes)) / on (pod) ${volumeBytes()}`;
export const walSizes = () => "max by (pod) (pg_wal_size_bytes) / max by (pod) (pg_settings_max_wal_size_bytes)";
const CACHE_KEYS = 'sum(redis_db_keys{job="redis-cache"})';
/** Share of the keys of the last hour's best moment that are left; only where there were so many. */
export const cacheKeysLeft = (least: number) => `${CACHE_KEYS} / (max_over_time(${CACHE_KEYS}[1h:]) > ${least})`;
/** The cache's Redis began anew in so many seconds. */
export const cacheStarted = (seconds: number) =>
  `time() - max(redis_start_time_seconds{job="redis-cache"}) < ${seconds}`;
/** Of the cache's Redis alone: being full is how it works, so that an alert needs more than this. */
export const cacheMemoryShare = () =>
  'max(redis_memory_used_bytes{job="redis-cache"} / (redis_memory_max_bytes{job="redis-cache"} > 0))';
export const cacheEvictions = (window: string) =>
  `sum(increase(redis_evicted_keys_total{job="redis-cache"}[${window}]))`;
export const notStreaming = () => "min by (pod) (pg_replica_streaming)";

export const refusedLogins = (window: string) => orZero(`sum(increase(${LOGINS_TOTAL}{outcome="refused"}[${window}]))`);
/** Codes of a token or a signature that was made up, or is used after its end. */
export const TOKEN_CODES = "unauthenticated|session-ended|signature-invalid|signature-expired";
export const problemsOf = (codes: string, window: string) =>
  `sum by (code) (increase(${ERRORS_TOTAL}{code=~"${codes}"}[${window}]))`;

/** Bytes a second that leave the pods that may talk with the world outside the cluster, what they say to each other included. */
export const bytesSent = (window: string) =>
  `sum(rate(container_network_transmit_bytes_total{pod=~"(alertmanager|api|gateway|responder|worker)-.*"}[${window}]))`;

/** What 75 of 100 page loads keep to, as Core Web Vitals are judged, for each page. */
export const vitalByPage = (vital: string, window: string, page = "") =>
  `histogram_quantile(0.75, sum by (le, page) (rate(${WEB_VITAL_SECONDS}_bucket{${page}vital="${vital}"}[${window}])))`;
/** How many page loads reported it. */
export const vitalReports = (vital: string, window: string, page = "") =>
  `sum by (page) (increase(${WEB_VITAL_SECONDS}_count{${page}vital="${vital}"}[${window}]))`;
