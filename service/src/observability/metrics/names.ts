/**
 * The names and labels of every metric of the service. Dashboards and rules import them, so that a renamed metric
 * does not compile. Units are in the names (Prometheus' base units); counters end in `_total`.
 */

/** Histogram, seconds. One observation per answered HTTP request, with exemplars `trace_id`. */
export const HTTP_REQUEST_DURATION_SECONDS = "http_server_request_duration_seconds";
/** Counter. Problems answered and jobs failed, by what the catalogue says of their code; each error counts once. */
export const ERRORS_TOTAL = "media_errors_total";
/** Counter. Errors by class, once their group is `stored`; `dropped`: it could not be, and is only in the log. */
export const ERROR_REPORTS_TOTAL = "media_error_reports_total";
/** Counter. Groups of errors that are new, or that came again in a release newer than the one that resolved them. */
export const ERROR_GROUPS_TOTAL = "media_error_groups_total";
/** Counter. POSTs that carried an Idempotency-Key, by what became of them. */
export const IDEMPOTENCY_KEYS_TOTAL = "media_idempotency_keys_total";
/** Counter. Tries to sign in. */
export const LOGINS_TOTAL = "media_logins_total";
/**
 * Counter, by pattern. Clients of this process that did within a minute what no ordinary one does: `errors`, calls that were
 * refused; `bulk-read`, reads with the right to read everything. Each client counts once a minute; the log names it.
 */
export const SUSPICIOUS_CLIENTS_TOTAL = "media_suspicious_clients_total";
/** Gauge by dependency. 0: closed, 1: half open, 2: open. */
export const CIRCUIT_STATE = "media_circuit_state";
/** Counter. Second and later tries of a call. */
export const RETRIES_TOTAL = "media_retries_total";
/** Counter. Answers looked for elsewhere because a dependency did not give them; `miss`: there was none there either. */
export const FALLBACKS_TOTAL = "media_fallbacks_total";
/** Counter. Failures of background tasks, by task. */
export const BACKGROUND_FAILURES_TOTAL = "media_background_failures_total";
/** Counter. Requests for media stored together with their job. */
export const REQUESTS_CREATED_TOTAL = "media_requests_created_total";
/** Counter. Requests that went to `available`; each request counts once, however often its job ran. */
export const REQUESTS_DELIVERED_TOTAL = "media_requests_delivered_total";
/** Counter. Downloads that came to an end, by which; each counts once. */
export const DOWNLOADS_ENDED_TOTAL = "media_downloads_ended_total";
/** Gauge. Clients connected to this process by Socket.IO. */
export const SOCKET_CLIENTS = "media_socket_clients";
/** Counter. Socket.IO connections accepted; `recovered`: the client goes on after its last event, none missed. */
export const SOCKET_CONNECTIONS_TOTAL = "media_socket_connections_total";
/** Counter. Socket.IO handshakes refused and connections ended by us, by the problem's code. */
export const SOCKET_REFUSALS_TOTAL = "media_socket_refusals_total";
/** Counter. Events sent to clients of this process, one for each client. */
export const SOCKET_EVENTS_TOTAL = "media_socket_events_total";
/** Counter. Live updates handed to Redis; `superseded`: that state or a newer one was there before. */
export const UPDATES_PUBLISHED_TOTAL = "media_updates_published_total";
/** Histogram, seconds. From the worker taking a job to its end, with exemplars `trace_id`. */
export const JOB_DURATION_SECONDS = "media_job_duration_seconds";
/** Gauge, seconds since 1970. When a poll last came back, with or without a job, of the queue for which that is longest ago. */
export const WORKER_LAST_POLL_TIMESTAMP_SECONDS = "media_worker_last_poll_timestamp_seconds";
/** Histogram, seconds. Calls to upstreams, retries counted one by one. */
export const UPSTREAM_REQUEST_DURATION_SECONDS = "media_upstream_request_duration_seconds";
/** Counter. Look-ups in the cache; `unreachable` means that Redis did not answer in time. */
export const CACHE_LOOKUPS_TOTAL = "media_cache_lookups_total";
/** Counter. Look-ups in the cache of upstreams' answers, by kind; `unreachable` as above. */
export const ANSWER_LOOKUPS_TOTAL = "media_answer_lookups_total";
/** Counter. Decisions of the rate limit; store `memory` means that Redis could not be asked. */
export const RATE_LIMIT_DECISIONS_TOTAL = "media_rate_limit_decisions_total";
/** Histogram, seconds. How long a page took in a browser, by vital (lcp, inp, fcp, ttfb), with exemplars `trace_id`. */
export const WEB_VITAL_SECONDS = "media_web_vital_seconds";
/** Histogram, no unit. How far a page's content shifted in a browser (CLS), with exemplars `trace_id`. */
export const LAYOUT_SHIFT = "media_layout_shift_score";
/** Histogram, seconds. Phases of loading a page in a browser, with exemplars `trace_id`. */
export const NAVIGATION_PHASE_SECONDS = "media_navigation_phase_seconds";
/**
 * Counter. Calls that did what they were asked, by operation; kind `action` changes something, `view` does not. What the
 * gateway answers from its cache never comes here: it is in gateway_cache_feature_uses_total, under the same labels.
 */
export const FEATURE_USES_TOTAL = "media_feature_uses_total";
/** Counter. Events of the payment provider by what became of them; types without an effect are `other`. */
export const PAYMENT_EVENTS_TOTAL = "media_payment_events_total";
/** Counter. People not noted as active because there were more than a process remembers. */
export const ACTIVITY_DROPPED_TOTAL = "media_activity_dropped_total";
/**
 * Gauges of the business, all for `period` day (today) or week (since Monday), in UTC. One worker at a time has them,
 * as of BUSINESS_COMPUTED_TIMESTAMP_SECONDS; take their `max`, so that a change of workers does not count twice.
 */
export const BUSINESS_REQUESTS = "media_business_requests";
/** Requests that were delivered. */
export const BUSINESS_DOWNLOADS = "media_business_downloads";
/** Accounts and visitors that were active. Visitors that the gateway served from its cache alone are not counted. */
export const BUSINESS_ACTIVE = "media_business_active";
/** The way from a visitor to an account, its first request and its first payment: how many reached each stage. */
export const BUSINESS_FUNNEL = "media_business_funnel";
/** Payments less what was refunded of them, in minor units of the currency. */
export const BUSINESS_REVENUE_MINOR = "media_business_revenue_minor_units";
/** Accounts that have a plan now, by plan. */
export const BUSINESS_SUBSCRIPTIONS = "media_business_subscriptions";
/** Seconds since 1970. When the gauges of the business were computed: older than a few minutes, they are stale. */
export const BUSINESS_COMPUTED_TIMESTAMP_SECONDS = "media_business_computed_timestamp_seconds";
/** Gauge. Requests that admission control lets be at work at once, by what they wait for. */
export const ADMISSION_LIMIT = "media_admission_limit";
/** Gauge. Requests at work, by priority. */
export const ADMISSION_IN_FLIGHT = "media_admission_in_flight";
/** Counter. Requests refused because the process was overloaded, by priority. */
export const ADMISSION_SHED_TOTAL = "media_admission_shed_total";
/** Gauge. Connections of a pool, and callers waiting for one. */
export const PG_POOL_CONNECTIONS = "media_pg_pool_connections";
/** Histogram, seconds. Callers of a pool until they have their connection. */
export const PG_POOL_WAIT_SECONDS = "media_pg_pool_wait_seconds";
/** Histogram, seconds. Statements by their names in the code and transactions by theirs, without the wait for a connection. */
export const PG_QUERY_DURATION_SECONDS = "media_pg_query_duration_seconds";
/** Gauge, seconds. Mean of the last 100 statements and transactions; not there before the first. */
export const PG_RECENT_QUERY_MEAN_SECONDS = "media_pg_recent_query_mean_seconds";
/** Counter. Statements and transactions slower than SLOW_QUERY_SECONDS; each has a line in the log too. */
export const PG_SLOW_QUERIES_TOTAL = "media_pg_slow_queries_total";
/** Gauge. Jobs that are due (`waiting`), due later (`delayed`) and at work (`active`); all workers see the same queues. */
export const QUEUE_JOBS = "media_queue_jobs";
/** Gauge, seconds. How long the oldest job that is due has been; 0 where none is. */
export const QUEUE_OLDEST_JOB_AGE_SECONDS = "media_queue_oldest_job_age_seconds";
/** Counter, seconds. The event loop at work (`active`) and waiting (`idle`); active's share of both is its utilisation. */
export const EVENT_LOOP_SECONDS_TOTAL = "nodejs_eventloop_time_seconds_total";
/** Gauge, always 1. The version that runs. */
export const BUILD_INFO = "media_build_info";
/** Gauge, 0 or 1. Whether the process would answer "ready". */
export const READY = "media_ready";
/** Gauge, 0 or 1, pushed by the prober. Whether an upstream answered as documented, the policy's retries included. */
export const PROBE_SUCCESS = "media_probe_success";
/** Gauge, seconds, pushed by the prober. How long its last answer, or the lack of one, took. */
export const PROBE_DURATION_SECONDS = "media_probe_duration_seconds";
/** Gauge, seconds since 1970, pushed by the prober. When an upstream last answered as documented. */
export const PROBE_LAST_SUCCESS_TIMESTAMP_SECONDS = "media_probe_last_success_timestamp_seconds";

/** Gauge, seconds since 1970, pushed by the prober. When the certificate that a server shows ends. */
export const CERTIFICATE_EXPIRY_TIMESTAMP_SECONDS = "media_certificate_expiry_timestamp_seconds";
/** Counter. Notifications of Alertmanager, by what became of them. */
export const ALERT_NOTIFICATIONS_TOTAL = "media_alert_notifications_total";
/** Gauge. Notifications that wait on disk for the database. */
export const SPOOLED_NOTIFICATIONS = "media_spooled_notifications";
/** Counter. Incidents that were opened, by the alert that did. */
export const INCIDENTS_OPENED_TOTAL = "media_incidents_opened_total";
/** Counter. Incidents that were closed; `mended`: by a playbook, `escalated`: by a person, `passed`: without either. */
export const INCIDENTS_CLOSED_TOTAL = "media_incidents_closed_total";
/** Gauge. Incidents that are not closed. */
export const INCIDENTS_OPEN = "media_incidents_open";
/** Histogram, seconds. What the phases of an incident took: detect, acknowledge, mend, resolve. */
export const INCIDENT_PHASE_SECONDS = "media_incident_phase_seconds";
/** Counter. Tries of playbooks. */
export const PLAYBOOK_RUNS_TOTAL = "media_playbook_runs_total";
/** Gauge. Follow-ups of post-mortems that are open. */
export const FOLLOW_UPS_OPEN = "media_follow_ups_open";
/** Gauge, seconds. Since the incident of the oldest of them was closed; 0 where none is open. */
export const FOLLOW_UP_OLDEST_AGE_SECONDS = "media_follow_up_oldest_age_seconds";
/** Gauge. Whether playbooks may act: 0 or 1. */
export const AUTOMATION_ENABLED = "media_automation_enabled";

/** The labels of each metric, and the values of those that have a fixed set. */
export const LABELS = {
  [HTTP_REQUEST_DURATION_SECONDS]: ["method", "route", "status"],
  [ERRORS_TOTAL]: ["code", "class", "layer", "source"],
  [ERROR_REPORTS_TOTAL]: ["class", "outcome"],
  [ERROR_GROUPS_TOTAL]: ["change"],
  [IDEMPOTENCY_KEYS_TOTAL]: ["outcome"],
  [LOGINS_TOTAL]: ["outcome"],
  [SUSPICIOUS_CLIENTS_TOTAL]: ["pattern"],
  [CIRCUIT_STATE]: ["dependency"],
  [RETRIES_TOTAL]: ["dependency"],
  [FALLBACKS_TOTAL]: ["dependency", "result"],
  [BACKGROUND_FAILURES_TOTAL]: ["task"],
  [REQUESTS_CREATED_TOTAL]: ["media_type"],
  [REQUESTS_DELIVERED_TOTAL]: ["media_type"],
  [DOWNLOADS_ENDED_TOTAL]: ["outcome"],
  [SOCKET_CLIENTS]: [],
  [SOCKET_CONNECTIONS_TOTAL]: ["recovered"],
  [SOCKET_REFUSALS_TOTAL]: ["code"],
  [SOCKET_EVENTS_TOTAL]: ["event"],
  [UPDATES_PUBLISHED_TOTAL]: ["event", "outcome"],
  [JOB_DURATION_SECONDS]: ["queue", "outcome"],
  [WORKER_LAST_POLL_TIMESTAMP_SECONDS]: [],
  [UPSTREAM_REQUEST_DURATION_SECONDS]: ["upstream", "outcome"],
  [CACHE_LOOKUPS_TOTAL]: ["result"],
  [ANSWER_LOOKUPS_TOTAL]: ["kind", "result"],
  [RATE_LIMIT_DECISIONS_TOTAL]: ["decision", "store"],
  [WEB_VITAL_SECONDS]: ["page", "vital"],
  [LAYOUT_SHIFT]: ["page"],
  [NAVIGATION_PHASE_SECONDS]: ["page", "phase"],
  [FEATURE_USES_TOTAL]: ["operation", "kind"],
  [PAYMENT_EVENTS_TOTAL]: ["type", "outcome"],
  [ACTIVITY_DROPPED_TOTAL]: ["kind"],
  [BUSINESS_REQUESTS]: ["period", "media_type"],
  [BUSINESS_DOWNLOADS]: ["period", "media_type"],
  [BUSINESS_ACTIVE]: ["period", "kind"],
  [BUSINESS_FUNNEL]: ["period", "stage"],
  [BUSINESS_REVENUE_MINOR]: ["period", "currency"],
  [BUSINESS_SUBSCRIPTIONS]: ["plan"],
  [BUSINESS_COMPUTED_TIMESTAMP_SECONDS]: [],
  [ADMISSION_LIMIT]: ["resource"],
  [ADMISSION_IN_FLIGHT]: ["priority"],
  [ADMISSION_SHED_TOTAL]: ["priority"],
  [PG_POOL_CONNECTIONS]: ["pool", "state"],
  [PG_POOL_WAIT_SECONDS]: ["pool"],
  [PG_QUERY_DURATION_SECONDS]: ["query"],
  [PG_RECENT_QUERY_MEAN_SECONDS]: [],
  [PG_SLOW_QUERIES_TOTAL]: ["query"],
  [QUEUE_JOBS]: ["queue", "state"],
  [QUEUE_OLDEST_JOB_AGE_SECONDS]: ["queue"],
  [EVENT_LOOP_SECONDS_TOTAL]: ["state"],
  [BUILD_INFO]: ["version"],
  [READY]: [],
  [PROBE_SUCCESS]: ["service"],
  [PROBE_DURATION_SECONDS]: ["service"],
  [PROBE_LAST_SUCCESS_TIMESTAMP_SECONDS]: ["service"],
  [CERTIFICATE_EXPIRY_TIMESTAMP_SECONDS]: ["service"],
  [ALERT_NOTIFICATIONS_TOTAL]: ["outcome"],
  [SPOOLED_NOTIFICATIONS]: [],
  [INCIDENTS_OPENED_TOTAL]: ["cause", "severity"],
  [INCIDENTS_CLOSED_TOTAL]: ["cause", "outcome"],
  [INCIDENTS_OPEN]: ["state"],
  [INCIDENT_PHASE_SECONDS]: ["phase", "cause"],
  [PLAYBOOK_RUNS_TOTAL]: ["playbook", "outcome"],
  [FOLLOW_UPS_OPEN]: [],
  [FOLLOW_UP_OLDEST_AGE_SECONDS]: [],
  [AUTOMATION_ENABLED]: [],
} as const;

/** Route label of a request that no route matched: one constant, never the path, which a caller chooses. */
export const UNMATCHED_ROUTE = "unmatched";

/** Upper bounds in seconds. Thresholds of objectives must be among them, else a quantile cannot answer for them. */
export const DURATION_BUCKETS_SECONDS = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 1, 2, 5, 10,
] as const;

/** Of what an incident takes: from the seconds of a playbook to the hours of a person. */
export const INCIDENT_BUCKETS_SECONDS = [
  1, 2, 5, 10, 20, 30, 45, 60, 90, 120, 180, 300, 600, 1_800, 3_600, 14_400,
] as const;
