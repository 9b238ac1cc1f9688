/**
 * The names and labels of every metric of the service. Dashboards and rules import them, so that a renamed metric
 * does not compile. Units are in the names (Prometheus' base units); counters end in `_total`.
 */

/** Histogram, seconds. One observation per answered HTTP request, with exemplars `trace_id`. */
export const HTTP_REQUEST_DURATION_SECONDS = "http_server_request_duration_seconds";
/** Counter. Problems answered and jobs failed, by what the catalogue says of their code; each error counts once. */
export const ERRORS_TOTAL = "media_errors_total";
/** Counter. POSTs that carried an Idempotency-Key, by what became of them. */
export const IDEMPOTENCY_KEYS_TOTAL = "media_idempotency_keys_total";
/** Counter. Tries to sign in. */
export const LOGINS_TOTAL = "media_logins_total";
/** Gauge by dependency. 0: closed, 1: half open, 2: open. */
export const CIRCUIT_STATE = "media_circuit_state";
/** Counter. Second and later tries of a call. */
export const RETRIES_TOTAL = "media_retries_total";
/** Counter. Answers looked for elsewhere because a dependency did not give them; `miss`: there was none there either. */
export const FALLBACKS_TOTAL = "media_fallbacks_total";
/** Counter. Requests for media stored together with their job. */
export const REQUESTS_CREATED_TOTAL = "media_requests_created_total";
/** Counter. Requests that went to `available`; each request counts once, however often its job ran. */
export const REQUESTS_DELIVERED_TOTAL = "media_requests_delivered_total";
/** Histogram, seconds. From the worker taking a job to its end, with exemplars `trace_id`. */
export const JOB_DURATION_SECONDS = "media_job_duration_seconds";
/** Gauge, seconds since 1970. When the worker's last poll of the queue came back, with or without a job. */
export const WORKER_LAST_POLL_TIMESTAMP_SECONDS = "media_worker_last_poll_timestamp_seconds";
/** Histogram, seconds. Calls to outside services, retries counted one by one. */
export const UPSTREAM_REQUEST_DURATION_SECONDS = "media_upstream_request_duration_seconds";
/** Counter. Look-ups in the cache; `unreachable` means that Redis did not answer in time. */
export const CACHE_LOOKUPS_TOTAL = "media_cache_lookups_total";
/** Counter. Look-ups of what outside services said, by kind of answer; `unreachable` as above. */
export const ANSWER_LOOKUPS_TOTAL = "media_answer_lookups_total";
/** Counter. Decisions of the rate limit; store `memory` means that Redis could not be asked. */
export const RATE_LIMIT_DECISIONS_TOTAL = "media_rate_limit_decisions_total";
/** Gauge. Requests that admission control lets be at work at once. */
export const ADMISSION_LIMIT = "media_admission_limit";
/** Gauge. Requests at work, by priority. */
export const ADMISSION_IN_FLIGHT = "media_admission_in_flight";
/** Counter. Requests refused because the process was overloaded, by priority. */
export const ADMISSION_SHED_TOTAL = "media_admission_shed_total";
/** Gauge. Connections of a pool, and callers waiting for one. */
export const PG_POOL_CONNECTIONS = "media_pg_pool_connections";
/** Gauge, always 1. The version that runs. */
export const BUILD_INFO = "media_build_info";
/** Gauge, 0 or 1. Whether the process would answer "ready". */
export const READY = "media_ready";

/** The labels of each metric, and the values of those that have a fixed set. */
export const LABELS = {
  [HTTP_REQUEST_DURATION_SECONDS]: ["method", "route", "status"],
  [ERRORS_TOTAL]: ["code", "class", "layer", "source"],
  [IDEMPOTENCY_KEYS_TOTAL]: ["outcome"],
  [LOGINS_TOTAL]: ["outcome"],
  [CIRCUIT_STATE]: ["dependency"],
  [RETRIES_TOTAL]: ["dependency"],
  [FALLBACKS_TOTAL]: ["dependency", "result"],
  [REQUESTS_CREATED_TOTAL]: ["media_type"],
  [REQUESTS_DELIVERED_TOTAL]: ["media_type"],
  [JOB_DURATION_SECONDS]: ["queue", "outcome"],
  [WORKER_LAST_POLL_TIMESTAMP_SECONDS]: [],
  [UPSTREAM_REQUEST_DURATION_SECONDS]: ["upstream", "outcome"],
  [CACHE_LOOKUPS_TOTAL]: ["result"],
  [ANSWER_LOOKUPS_TOTAL]: ["kind", "result"],
  [RATE_LIMIT_DECISIONS_TOTAL]: ["decision", "store"],
  [ADMISSION_LIMIT]: [],
  [ADMISSION_IN_FLIGHT]: ["priority"],
  [ADMISSION_SHED_TOTAL]: ["priority"],
  [PG_POOL_CONNECTIONS]: ["pool", "state"],
  [BUILD_INFO]: ["version"],
  [READY]: [],
} as const;

/** Route label of a request that no route matched: one constant, never the path, which a caller chooses. */
export const UNMATCHED_ROUTE = "unmatched";

/** Upper bounds in seconds. Thresholds of objectives must be among them, else a quantile cannot answer for them. */
export const DURATION_BUCKETS_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 1, 2, 5, 10] as const;
