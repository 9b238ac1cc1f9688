import type pg from "pg";
import type { PgBoss } from "pg-boss";
import { z } from "zod";
import type { Identity } from "../auth/roles.ts";
import type { Database } from "../data/postgres/database.ts";
import { sendDelivery } from "../data/queue/queue.ts";
import type { RequestCache } from "../data/redis/cache.ts";
import { insertRequest, type MediaRequest } from "../data/repositories/requests.ts";
import { Problem } from "../errors/problem.ts";
import type { Metrics } from "../observability/metrics/metrics.ts";
import type { Publisher } from "../realtime/publisher.ts";
import type { Catalogue } from "./catalogue.ts";
import { firstStatus } from "./change-request.ts";
import { MEDIA_TYPES } from "./media.ts";
import { chargeQuota } from "./quota.ts";

const MAX_TMDB_ID = 2_147_483_647;

/** The body of POST /api/v1/requests. */
export const newRequest = z.strictObject({
  mediaType: z.enum(MEDIA_TYPES),
  tmdbId: z.int().min(1).max(MAX_TMDB_ID),
});

export interface CreateRequestDeps {
  database: Database;
  boss: PgBoss;
  cache: RequestCache;
  catalogue: Catalogue;
  publisher: Publisher;
  metrics: Metrics;
}

/**
 * Looks up the title, and stores the request, with its job unless somebody has to approve it first, in one transaction; `also` is part of it and sees what
 * was stored.
 */
export async function createRequest(
  deps: CreateRequestDeps,
  user: Identity,
  { mediaType, tmdbId }: z.infer<typeof newRequest>,
  also: (client: pg.ClientBase, request: MediaRequest) => Promise<void>,
): Promise<MediaRequest> {
  // Before the transaction: no connection is held while an outside service takes its time.
  const title = await deps.catalogue.lookupTitle(mediaType, tmdbId);
  const wish = { userId: user.id, status: firstStatus(user), mediaType, tmdbId, title };
  const request = await deps.database.transaction("create request", async (client) => {
    const outcome = await insertRequest(client, wish);
    if ("existingId" in outcome)
      throw new Problem("duplicate-request", { extensions: { existingId: outcome.existingId } });
    await chargeQuota(client, user);
    if (wish.status === "pending") await sendDelivery(deps.boss, client, outcome.created.id);
    await also(client, outcome.created);
    return outcome.created;
  });
  deps.metrics.requestCreated({ media_type: mediaType });
  await deps.cache.add(request);
  deps.publisher.requestChanged(request);
  return request;
}
