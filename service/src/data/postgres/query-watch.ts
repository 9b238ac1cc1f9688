import type { Logger } from "../../observability/log.ts";
import type { Metrics } from "../../observability/metrics/metrics.ts";
import { PG_RECENT_QUERY_MEAN_SECONDS } from "../../observability/metrics/names.ts";
import { SLOW_QUERY_SECONDS } from "../../observability/metrics/objectives.ts";

const RECENT = 100;

/** Measures what the database is asked, by the names that statements and transactions have in the code. */
export interface QueryWatch {
  /** A caller waited so many seconds for a connection of the pool. */
  waited(pool: string, seconds: number): void;
  /** A statement or transaction took so many seconds, however it ended. */
  ran(query: string, seconds: number): void;
}

export function createQueryWatch(log: Logger, metrics: Metrics): QueryWatch {
  const recent: number[] = [];
  let next = 0;
  metrics.gauge(PG_RECENT_QUERY_MEAN_SECONDS, "Mean seconds of the last 100 statements.", (set) => {
    if (recent.length > 0) set({}, recent.reduce((sum, seconds) => sum + seconds, 0) / recent.length);
  });
  return {
    waited: (pool, seconds) => metrics.poolWait({ pool }, seconds),
    ran: (query, seconds) => {
      recent[next] = seconds;
      next = (next + 1) % RECENT;
      metrics.query({ query }, seconds);
      if (seconds <= SLOW_QUERY_SECONDS) return;
      metrics.slowQuery({ query });
      log.warn({ query, duration_ms: Math.round(seconds * 1_000) }, "slow query");
    },
  };
}

/** Seconds since `started`, a time of performance.now(). */
export function secondsSince(started: number): number {
  return (performance.now() - started) / 1_000;
}
