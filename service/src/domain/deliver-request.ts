import type { RequestCache } from "../data/cache.ts";
import type { Database } from "../data/database.ts";
import { markAvailable, markFailed } from "../data/requests.ts";
import type { Metrics } from "../metrics/metrics.ts";

export interface DeliverRequestDeps {
  database: Database;
  cache: RequestCache;
  metrics: Metrics;
}

/** Makes the request available. A job can come twice (its worker died); answers whether this time it was new. */
export async function deliverRequest(deps: DeliverRequestDeps, requestId: string): Promise<boolean> {
  const delivered = await deps.database.transaction("deliver request", (client) => markAvailable(client, requestId));
  // Also when it was delivered before: the worker that did may have died before it could tell the cache.
  await deps.cache.invalidate(requestId);
  if (delivered) deps.metrics.requestDelivered({ media_type: delivered.mediaType });
  return delivered !== undefined;
}

/** After the last try of its job: the request can be retried by a person. */
export async function giveUpRequest(deps: DeliverRequestDeps, requestId: string): Promise<void> {
  await deps.database.transaction("give up request", (client) => markFailed(client, requestId));
  await deps.cache.invalidate(requestId);
}
