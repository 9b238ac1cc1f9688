import * as names from "../src/observability/metrics/names.ts";

export type Emitter = "api" | "worker" | "doubles";
const BOTH: Emitter[] = ["api", "worker"];
export const ALL: Emitter[] = ["api", "worker", "doubles"];

/** Shown where they come about: rum.test.ts, activity.test.ts, payments.test.ts, business.test.ts, prober.test.ts, realtime.test.ts, overload.test.ts, outages.test.ts, responder.test.ts. */
type ShownElsewhere =
  | typeof names.WEB_VITAL_SECONDS
  | typeof names.LAYOUT_SHIFT
  | typeof names.NAVIGATION_PHASE_SECONDS
  | typeof names.FEATURE_USES_TOTAL
  | typeof names.PAYMENT_EVENTS_TOTAL
  | typeof names.ACTIVITY_DROPPED_TOTAL
  | typeof names.BUSINESS_REQUESTS
  | typeof names.BUSINESS_DOWNLOADS
  | typeof names.BUSINESS_ACTIVE
  | typeof names.BUSINESS_FUNNEL
  | typeof names.BUSINESS_REVENUE_MINOR
  | typeof names.BUSINESS_SUBSCRIPTIONS
  | typeof names.BUSINESS_COMPUTED_TIMESTAMP_SECONDS
  | typeof names.ADMISSION_SHED_TOTAL
  | typeof names.BACKGROUND_FAILURES_TOTAL
  | typeof names.SOCKET_CONNECTIONS_TOTAL
  | typeof names.SOCKET_REFUSALS_TOTAL
  | typeof names.SOCKET_EVENTS_TOTAL
  | typeof names.ALERT_NOTIFICATIONS_TOTAL
  | typeof names.SPOOLED_NOTIFICATIONS
  | typeof names.INCIDENTS_OPENED_TOTAL
  | typeof names.INCIDENTS_CLOSED_TOTAL
  | typeof names.INCIDENTS_OPEN
  | typeof names.INCIDENT_PHASE_SECONDS
  | typeof names.PLAYBOOK_RUNS_TOTAL
  | typeof names.AUTOMATION_ENABLED
  | typeof names.FOLLOW_UPS_OPEN
  | typeof names.FOLLOW_UP_OLDEST_AGE_SECONDS
  | typeof names.PROBE_SUCCESS
  | typeof names.PROBE_DURATION_SECONDS
  | typeof names.PROBE_LAST_SUCCESS_TIMESTAMP_SECONDS
  | typeof names.CERTIFICATE_EXPIRY_TIMESTAMP_SECONDS
  | typeof names.SUSPICIOUS_CLIENTS_TOTAL;

/** Which process emits what, once the platform has lived through the day of telemetry.test.ts. A name that is missing here does not compile. */
export const EMITTED_BY: Record<Exclude<keyof typeof names.LABELS, ShownElsewhere>, Emitter[]> = {
  [names.HTTP_REQUEST_DURATION_SECONDS]: ["api", "doubles"],
  [names.ERRORS_TOTAL]: BOTH,
  [names.ERROR_REPORTS_TOTAL]: BOTH,
  // A rare counter begins at 0 in each process that has metrics.
  [names.ERROR_GROUPS_TOTAL]: ALL,
  [names.IDEMPOTENCY_KEYS_TOTAL]: ["api"],
  [names.LOGINS_TOTAL]: ["api"],
  [names.CIRCUIT_STATE]: BOTH,
  [names.RETRIES_TOTAL]: ["api"],
  [names.FALLBACKS_TOTAL]: ["api"],
  [names.REQUESTS_CREATED_TOTAL]: ["api"],
  [names.REQUESTS_DELIVERED_TOTAL]: ["worker"],
  [names.DOWNLOADS_ENDED_TOTAL]: ["worker"],
  [names.UPDATES_PUBLISHED_TOTAL]: BOTH,
  [names.SOCKET_CLIENTS]: ["api"],
  [names.ANSWER_LOOKUPS_TOTAL]: ["api"],
  [names.ADMISSION_LIMIT]: ["api"],
  [names.ADMISSION_IN_FLIGHT]: ["api"],
  [names.JOB_DURATION_SECONDS]: ["worker"],
  [names.WORKER_LAST_POLL_TIMESTAMP_SECONDS]: ["worker"],
  [names.UPSTREAM_REQUEST_DURATION_SECONDS]: BOTH,
  [names.CACHE_LOOKUPS_TOTAL]: ["api"],
  [names.RATE_LIMIT_DECISIONS_TOTAL]: ["api"],
  [names.PG_POOL_CONNECTIONS]: BOTH,
  [names.PG_POOL_WAIT_SECONDS]: BOTH,
  [names.PG_QUERY_DURATION_SECONDS]: BOTH,
  [names.PG_RECENT_QUERY_MEAN_SECONDS]: BOTH,
  [names.PG_SLOW_QUERIES_TOTAL]: BOTH,
  [names.QUEUE_JOBS]: ["worker"],
  [names.QUEUE_OLDEST_JOB_AGE_SECONDS]: ["worker"],
  [names.EVENT_LOOP_SECONDS_TOTAL]: ALL,
  [names.BUILD_INFO]: ALL,
  [names.READY]: ALL,
};

/** Who emits it besides, where one of its regular looks falls into a moment of that day. */
export const AT_TIMES: Partial<Record<keyof typeof EMITTED_BY, Emitter[]>> = { [names.RETRIES_TOTAL]: ["worker"] };
