import type { PgBoss } from "pg-boss";
import type { Metrics } from "../observability/metrics/metrics.ts";
import { WORKER_LAST_POLL_TIMESTAMP_SECONDS } from "../observability/metrics/names.ts";

/** A poll is due every two seconds at least and is given up after 4 s: a minute without one means that the loop itself is stuck. */
const STUCK_SECONDS = 60;

/**
 * Watches how long each queue has not been polled. Of a queue's fetchers one is enough: another may have long jobs in
 * hand. Of the queues all are wanted: none does another's work. Answers why the worker is stuck, if it is.
 */
export function watchPolls(
  boss: PgBoss,
  queues: readonly string[],
  metrics: Metrics,
  /** When a queue was last held on purpose, in milliseconds since 1970. */
  lastHeld: (queue: string) => number = () => 0,
): () => string | undefined {
  const startedAt = Date.now();
  const longestAgo = () => {
    const polls = queues.map((queue) => ({
      queue,
      at: Math.max(lastHeld(queue), lastPoll(boss, queue, startedAt)),
    }));
    return polls.reduce((longest, poll) => (poll.at < longest.at ? poll : longest));
  };
  metrics.gauge(WORKER_LAST_POLL_TIMESTAMP_SECONDS, "When the queue not polled for longest was last polled.", (set) =>
    set({}, longestAgo().at / 1_000),
  );
  return () => {
    const { queue, at } = longestAgo();
    const age = Math.round((Date.now() - at) / 1_000);
    return age > STUCK_SECONDS ? `no poll of the queue ${queue} came back for ${age} s` : undefined;
  };
}

/**
 * Milliseconds since 1970 of the last poll that came back. One that came back with an error counts: while the
 * database is away the loop is sound, and a restart would mend nothing.
 */
function lastPoll(boss: PgBoss, queue: string, startedAt: number): number {
  const fetchers = boss.getWipData().filter(({ name }) => name === queue);
  return Math.max(startedAt, ...fetchers.flatMap((fetcher) => [fetcher.lastFetchedOn ?? 0, fetcher.lastErrorOn ?? 0]));
}
