import * as names from "../src/metrics/names.ts";

export type Emitter = "api" | "worker" | "doubles";
const BOTH: Emitter[] = ["api", "worker"];
export const ALL: Emitter[] = ["api", "worker", "doubles"];

/** Which process emits what, once the platform has lived through the day of telemetry.test.ts. A name that is missing here does not compile. */
export const EMITTED_BY: Record<keyof typeof names.LABELS, Emitter[]> = {
  [names.HTTP_REQUEST_DURATION_SECONDS]: ["api", "doubles"],
  [names.ERRORS_TOTAL]: BOTH,
  [names.ERROR_REPORTS_TOTAL]: BOTH,
  [names.ERROR_GROUPS_TOTAL]: BOTH,
  [names.IDEMPOTENCY_KEYS_TOTAL]: ["api"],
  [names.LOGINS_TOTAL]: ["api"],
  [names.CIRCUIT_STATE]: BOTH,
  [names.RETRIES_TOTAL]: ["api"],
  [names.FALLBACKS_TOTAL]: ["api"],
  [names.REQUESTS_CREATED_TOTAL]: ["api"],
  [names.REQUESTS_DELIVERED_TOTAL]: ["worker"],
  [names.JOB_DURATION_SECONDS]: ["worker"],
  [names.WORKER_LAST_POLL_TIMESTAMP_SECONDS]: ["worker"],
  [names.UPSTREAM_REQUEST_DURATION_SECONDS]: ["api"],
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
