import { randomUUID } from "node:crypto";
import type { Database } from "../data/postgres/database.ts";
import { holdLease, releaseLease } from "../data/postgres/leases.ts";
import { FIGURES, type Figures, readFigures } from "../data/repositories/business-figures.ts";
import type { Logger } from "../observability/log.ts";
import type { Metrics } from "../observability/metrics/metrics.ts";
import { BUSINESS_COMPUTED_TIMESTAMP_SECONDS, BUSINESS_SUBSCRIPTIONS } from "../observability/metrics/names.ts";

const LEASE = "business-metrics";
/** A holder that died is followed after so many intervals; one that is slow keeps its turn. */
const LEASE_INTERVALS = 3;

export interface PublishDeps {
  database: Database;
  metrics: Metrics;
  log: Logger;
}

/**
 * Computes the business gauges once per interval, in the worker that has the lease. The others show none,
 * and so does a holder whose lease ran out. When computing fails the last figures stay, with their time beside them.
 * Answers how to stop, which lets the next worker begin at once.
 */
export function publishFigures({ database, metrics, log }: PublishDeps, intervalSeconds: number): () => Promise<void> {
  const holder = randomUUID();
  const leaseSeconds = LEASE_INTERVALS * intervalSeconds;
  let figures: Figures = new Map();
  let computedAt = 0;
  let heldUntil = 0;
  const shown = () => performance.now() < heldUntil && computedAt > 0;

  for (const name of [...Object.values(FIGURES).map((figure) => figure.name), BUSINESS_SUBSCRIPTIONS] as const) {
    metrics.gauge(name, "A figure of the business; see BUSINESS_COMPUTED_TIMESTAMP_SECONDS.", (set) => {
      if (!shown()) return;
      for (const { labels, value } of figures.get(name) ?? [])
        (set as (labels: object, value: number) => void)(labels, value);
    });
  }
  metrics.gauge(BUSINESS_COMPUTED_TIMESTAMP_SECONDS, "When the figures of the business were computed.", (set) => {
    if (shown()) set({}, computedAt / 1_000);
  });

  const compute = async (): Promise<void> => {
    // Counted from before the question: our own idea of the lease ends before the database's.
    const asked = performance.now();
    if (!(await holdLease(database.primary, LEASE, holder, leaseSeconds))) {
      heldUntil = 0;
      return;
    }
    heldUntil = asked + leaseSeconds * 1_000;
    figures = await database.transaction("read business figures", readFigures);
    computedAt = Date.now();
  };
  let running = Promise.resolve();
  const tick = () => {
    running = running.then(compute).catch((error: unknown) => {
      log.warn({ err: error }, "the business metrics could not be computed");
    });
  };
  tick();
  const timer = setInterval(tick, intervalSeconds * 1_000);
  return async () => {
    clearInterval(timer);
    await running;
    heldUntil = 0;
    await releaseLease(database.primary, LEASE, holder);
  };
}
