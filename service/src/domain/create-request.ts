import type { PgBoss } from "pg-boss";
import { z } from "zod";
import type { Transact } from "../data/postgres/database.ts";
import { sendDelivery } from "../data/queue/queue.ts";
import type { RequestCache } from "../data/redis/cache.ts";
import { type ChangedRequest, insertRequest } from "../data/repositories/requests.ts";
import { Problem } from "../errors/problem.ts";
import { MEDIA_TYPES } from "../model/media.ts";
import type { Identity } from "../model/roles.ts";
import type { Metrics } from "../observability/metrics/metrics.ts";
import type { Catalogue } from "./catalogue.ts";
import { firstStatus } from "./change-request.ts";
import type { EventPublisher } from "./published-events.ts";
import { chargeQuota } from "./quota.ts";

const MAX_TMDB_ID = 2_147_483_647;

/** The body of POST /api/v1/requests. */
export const newRequest = z.strictObject({
  mediaType: z.enum(MEDIA_TYPES),
  tmdbId: z.int().min(1).max(MAX_TMDB_ID),
});

export interface CreateRequestDeps {
  boss: PgBoss;
  cache: RequestCache;
  catalogue: Catalogue;
  publisher: EventPublisher;
  metrics: Metrics;
}

/**
 * Looks up the title, then stores the request and, unless it needs approval first, its job in one transaction. Publishes
 * the new request after the commit.
 */
export async function createRequest(
  deps: CreateRequestDeps,
  transact: Transact<ChangedRequest>,
  user: Identity,
  { mediaType, tmdbId }: z.infer<typeof newRequest>,
): Promise<ChangedRequest> {
  // Before the transaction: no connection is held while an upstream takes its time.
  const title = await deps.catalogue.lookupTitle(mediaType, tmdbId);
  const wish = { userId: user.id, status: firstStatus(user), mediaType, tmdbId, title };
  const request = await transact("create request", async (client) => {
    const outcome = await insertRequest(client, wish);
    if ("existingId" in outcome)
      throw new Problem("duplicate-request", { extensions: { existingId: outcome.existingId } });
    await chargeQuota(client, user);
    if (wish.status === "pending") await sendDelivery(deps.boss, client, outcome.created.id);
    return outcome.created;
  });
  deps.metrics.requestCreated({ media_type: mediaType });
  await deps.cache.add(request);
  deps.publisher.requestChanged(request);
  return request;
}
