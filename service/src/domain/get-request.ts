import type { Database } from "../data/postgres/database.ts";
import type { Lookup, RequestCache } from "../data/redis/cache.ts";
import { findRequest, type MediaRequest } from "../data/repositories/requests.ts";
import { CATALOGUE } from "../errors/catalogue.ts";
import { Problem, toProblem } from "../errors/problem.ts";
import { type Monitors, recordProblem } from "../errors/record.ts";
import { type Identity, may } from "../model/roles.ts";

export interface GetRequestDeps extends Monitors {
  database: Database;
  cache: RequestCache;
}

export interface Found {
  request: MediaRequest;
  cache: "hit" | "miss" | "stale";
  /** Only of a copy: seconds since it was compared with the database. */
  ageSeconds?: number;
}

/** Reads a request through the cache. Of others' requests, most users see as much as of those that do not exist. */
export async function getRequest(deps: GetRequestDeps, user: Identity, id: string): Promise<Found> {
  const lookup = await deps.cache.lookup(id);
  deps.metrics.cacheLookup({ result: RESULTS[lookup.found] });
  const found = await find(deps, user, lookup, id);
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

/** What a look-up's outcome counts as. That there is nothing to be found is an answer like another. */
const RESULTS = { hit: "hit", none: "hit", absent: "miss", written: "miss", unreachable: "unreachable" } as const;

async function find(deps: GetRequestDeps, user: Identity, lookup: Lookup, id: string): Promise<Found | undefined> {
  if (lookup.found === "none") return undefined;
  if (lookup.found === "hit") return { request: lookup.request, cache: "hit" };
  // A replica may answer only where the request was not changed lately, and only if it has the caller's own writes.
  const lastWriteLsn = lookup.found === "absent" ? user.lastWriteLsn : undefined;
  const read = () => deps.database.readRecent("find request", lastWriteLsn, (from) => findRequest(from, id));
  try {
    const request = await deps.cache.load(lookup, id, user.lastWriteLsn, read);
    return request && { request, cache: "miss" };
  } catch (error) {
    return fallBack(deps, id, error);
  }
}
