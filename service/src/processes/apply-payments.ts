import { connectDatabase } from "../data/postgres/database.ts";
import { subscriptionEvents } from "../data/repositories/payments.ts";
import { applyStored } from "../domain/payments/receive-event.ts";
import type { Logger } from "../observability/log.ts";
import { createMetrics } from "../observability/metrics/metrics.ts";
import type { Config } from "../process/config.ts";

/**
 * Applies stored events of subscriptions again: some had no effect when they came, since their plan or account was not here
 * yet. To be run by hand after a plan was added; a newer event keeps its effect, so running it beside the api is safe.
 */
export async function applyPayments(config: Config, log: Logger): Promise<void> {
  const database = connectDatabase(config, log, createMetrics(config.SERVICE_VERSION));
  const page = (afterId: string) => subscriptionEvents(database.primary, afterId);
  const outcomes: Record<string, number> = {};
  try {
    for (let events = await page(""); events.length > 0; events = await page(events.at(-1)?.id ?? "")) {
      for (const event of events) {
        const outcome = await applyStored(database.transaction, event);
        outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
        if (outcome === "unmatched") log.warn({ eventId: event.id }, "its account or plan is still not here");
      }
    }
    log.info({ outcomes }, "stored payment events applied");
  } finally {
    await database.close();
  }
}
