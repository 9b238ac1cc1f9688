import { HTTP_REQUEST_DURATION_SECONDS, JOB_DURATION_SECONDS, PG_QUERY_DURATION_SECONDS } from "./names.ts";

/** A promise about how long something takes. */
export interface LatencyObjective {
  /** The histogram that is asked. */
  metric: typeof HTTP_REQUEST_DURATION_SECONDS | typeof JOB_DURATION_SECONDS | typeof PG_QUERY_DURATION_SECONDS;
  /** A good event takes no longer. It must be the edge of a bucket: between edges a histogram can only guess. */
  seconds: number;
  /** Share of the events that are good. */
  ratio: number;
}

/** Slower statements are logged and counted one by one (docs/spec: "Queries > 1s"). */
export const SLOW_QUERY_SECONDS = 1;

/**
 * What others may not yet see of the newest, in seconds: a replica whose newest is older answers nobody, neither by the
 * service's choice nor by the cluster's.
 */
export const MOST_LAG_SECONDS = 10;

/** What dashboards, alerts and load tests hold the service to. */
export const LATENCY_OBJECTIVES = {
  "http answers": { metric: HTTP_REQUEST_DURATION_SECONDS, seconds: 0.3, ratio: 0.99 },
  "http answers, at worst": { metric: HTTP_REQUEST_DURATION_SECONDS, seconds: 2, ratio: 0.999 },
  "job done": { metric: JOB_DURATION_SECONDS, seconds: 5, ratio: 0.99 },
  "database statements": { metric: PG_QUERY_DURATION_SECONDS, seconds: SLOW_QUERY_SECONDS, ratio: 0.999 },
} as const satisfies Record<string, LatencyObjective>;

/** A promise about how many events of a kind do not fail. */
export interface AvailabilityObjective {
  /** The histogram whose `_count` is asked. */
  metric: typeof HTTP_REQUEST_DURATION_SECONDS | typeof JOB_DURATION_SECONDS;
  /** Labels of the events that have failed, as a PromQL selector. */
  failed: string;
  /** Share of the events that do not fail. */
  ratio: number;
}

export const AVAILABILITY_OBJECTIVES = {
  "http answers that are no failure": { metric: HTTP_REQUEST_DURATION_SECONDS, failed: 'status=~"5.."', ratio: 0.999 },
} as const satisfies Record<string, AvailabilityObjective>;

/**
 * Seconds after which a transaction without a statement is an incident. PostgreSQL itself ends such sessions after 60 s
 * (infra/data/postgres/patroni.plan.ts): what is older has switched that off.
 */
export const IDLE_IN_TRANSACTION_SECONDS = 75;

/** Seconds after which a transaction that still works is one that no caller waits for: each caller gives up within seconds. */
export const RUNAWAY_QUERY_SECONDS = 180;
