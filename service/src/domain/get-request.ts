import { type Identity, may } from "../accounts/roles.ts";
import type { Lookup, RequestCache } from "../data/cache.ts";
import type { Database } from "../data/database.ts";
import { findRequest, type MediaRequest } from "../data/requests.ts";
import { CATALOGUE } from "../errors/catalogue.ts";
import { Problem, toProblem } from "../errors/problem.ts";
import { type Monitors, recordProblem } from "../errors/record.ts";

export interface GetRequestDeps extends Monitors {
  database: Database;
  cache: RequestCache;
}

export interface Found {
  request: MediaRequest;
  cache: "hit" | "miss" | "stale";
  /** Only of a copy: for how long nobody has compared it with the database. */
  ageSeconds?: number;
}

/** Reads a request through the cache. Of others' requests, most users see as much as of those that do not exist. */
export async function getRequest(deps: GetRequestDeps, user: Identity, id: string): Promise<Found> {
  const lookup = await deps.cache.lookup(id);
  deps.metrics.cacheLookup({ result: lookup.found === "written" || lookup.found === "absent" ? "miss" : lookup.found });
  const found: Found | undefined =
    lookup.found === "hit"
      ? { request: lookup.request, cache: "hit" }
      : await read(deps, lookup, id).catch((error: unknown) => fallBack(deps, id, error));
  if (!found || (found.request.userId !== user.id && !may(user, "requests:read-all"))) throw new Problem("not-found");
  return found;
}

/** The database failed in spite of its retries: the last copy is better than nothing, if it says what it is. */
async function fallBack(deps: GetRequestDeps, id: string, error: unknown): Promise<Found> {
  const problem = toProblem(error);
  if (CATALOGUE[problem.code].class !== "system" || problem.code === "internal") throw error;
  const copy = await deps.cache.copy(id);
  deps.metrics.fallback({ dependency: "database", result: copy ? "hit" : "miss" });
  if (!copy) throw error;
  // The answer is a good one, so the error ends here.
  recordProblem(problem, deps, "answered from a copy", { mediaRequestId: id });
  return { ...copy, cache: "stale" };
}

async function read(deps: GetRequestDeps, lookup: Lookup, id: string): Promise<Found | undefined> {
  const request =
    lookup.found === "absent" ? await readReplicaFirst(deps, id) : await findRequest(deps.database.primary, id);
  if (!request) return undefined;
  await deps.cache.fill(lookup, request);
  return { request, cache: "miss" };
}

/** A replica that lags does not know the newest rows, and one that is down knows none: then the primary decides. */
async function readReplicaFirst({ database }: GetRequestDeps, id: string): Promise<MediaRequest | undefined> {
  const replicated = await findRequest(database.replica, id).catch(() => undefined);
  return replicated ?? findRequest(database.primary, id);
}
