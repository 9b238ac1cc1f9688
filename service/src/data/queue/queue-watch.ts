import type pg from "pg";
import type { Logger } from "../../observability/log.ts";
import type { Metrics } from "../../observability/metrics/metrics.ts";
import { QUEUE_JOBS, QUEUE_OLDEST_JOB_AGE_SECONDS } from "../../observability/metrics/names.ts";
import { createOutage } from "../../observability/outage.ts";
import { query } from "../postgres/database.ts";

/** A scrape never waits for the database: it gets what was last read, which is no older than this. */
const LOOK_MS = 5_000;

interface Row {
  queue: string;
  waiting: number;
  delayed: number;
  active: number;
  oldest_age: number;
}

/**
 * The counts are those that the worker that supervises the queues keeps up to date every few seconds anyway; the age
 * is one step in the index by which jobs are fetched.
 */
const LOOK = `
SELECT queue.name AS queue, ready_count AS waiting, deferred_count AS delayed, active_count AS active,
  greatest(coalesce(extract(epoch FROM now() - oldest.start_after), 0), 0)::float8 AS oldest_age
FROM pgboss.queue LEFT JOIN LATERAL (SELECT start_after FROM pgboss.job
  WHERE job.name = queue.name AND state < 'active' AND NOT blocked ORDER BY start_after LIMIT 1) AS oldest ON true`;

/** Depth and age of every queue, as gauges. What cannot be read is not there, instead of being an old value. */
export function watchQueues(pool: pg.Pool, log: Logger, metrics: Metrics): { stop(): void } {
  let rows: Row[] = [];
  const jobs = metrics.gauge(QUEUE_JOBS, "Jobs of a queue by state.", (set) => {
    jobs.reset();
    for (const { queue, waiting, delayed, active } of rows) {
      set({ queue, state: "waiting" }, waiting);
      set({ queue, state: "delayed" }, delayed);
      set({ queue, state: "active" }, active);
    }
  });
  const age = metrics.gauge(QUEUE_OLDEST_JOB_AGE_SECONDS, "Seconds for which the oldest job has been due.", (set) => {
    age.reset();
    for (const { queue, oldest_age } of rows) set({ queue }, oldest_age);
  });
  const outage = createOutage(log, {}, "the queues cannot be looked at", "the queues can be looked at again", () =>
    metrics.backgroundFailure({ task: "queue-watch" }),
  );
  const look = async () => {
    try {
      rows = await query<Row>(pool, "look at queues", LOOK, []);
      outage.over();
    } catch (error) {
      rows = [];
      outage.failed(error);
    }
  };
  void look();
  const timer = setInterval(look, LOOK_MS);
  return { stop: () => clearInterval(timer) };
}
