import { type Identity, may } from "../accounts/roles.ts";
import type { Lookup, RequestCache } from "../data/cache.ts";
import type { Database } from "../data/database.ts";
import { findRequest, type MediaRequest } from "../data/requests.ts";
import { Problem } from "../errors/problem.ts";
import type { Metrics } from "../metrics/metrics.ts";

export interface GetRequestDeps {
  database: Database;
  cache: RequestCache;
  metrics: Metrics;
}

/** Reads a request through the cache. Of others' requests, most users see as much as of those that do not exist. */
export async function getRequest(
  deps: GetRequestDeps,
  user: Identity,
  id: string,
): Promise<{ request: MediaRequest; cached: boolean }> {
  const lookup = await deps.cache.lookup(id);
  deps.metrics.cacheLookup({ result: lookup.found === "written" || lookup.found === "absent" ? "miss" : lookup.found });
  const request = lookup.found === "hit" ? lookup.request : await read(deps, lookup, id);
  if (!request || (request.userId !== user.id && !may(user, "requests:read-all"))) throw new Problem("not-found");
  return { request, cached: lookup.found === "hit" };
}

async function read(deps: GetRequestDeps, lookup: Lookup, id: string): Promise<MediaRequest | undefined> {
  const request =
    lookup.found === "absent" ? await readReplicaFirst(deps, id) : await findRequest(deps.database.primary, id);
  if (request) await deps.cache.fill(lookup, request);
  return request;
}

/** A replica that lags does not know the newest rows, and one that is down knows none: then the primary decides. */
async function readReplicaFirst({ database }: GetRequestDeps, id: string): Promise<MediaRequest | undefined> {
  const replicated = await findRequest(database.replica, id).catch(() => undefined);
  return replicated ?? findRequest(database.primary, id);
}
