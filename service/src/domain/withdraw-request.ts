import type { Database } from "../data/postgres/database.ts";
import { findRequest } from "../data/repositories/requests.ts";
import { isWanted, type Title, wasUnderWay } from "../data/repositories/titles.ts";
import type { Overseerr, Standing } from "../upstreams/overseerr.ts";

export interface WithdrawRequestDeps {
  database: Database;
  overseerr: Overseerr;
}

/** `nothing-there`: withdrawn before, or never asked for. `not-ours`: the request there was made by another party. */
export type Withdrawn = "withdrawn" | "nothing-there" | "not-ours" | "still-wanted";

/**
 * Takes a cancelled request back at Overseerr, which has one for a title, however many of ours want it. What it has is
 * looked up, not remembered: its answer to our asking may have been lost. A job can come twice and late; each time it
 * goes by what is the case then.
 */
export async function withdrawRequest(deps: WithdrawRequestDeps, requestId: string): Promise<Withdrawn> {
  const { database, overseerr } = deps;
  const request = await findRequest(database.primary, requestId);
  const standing = request ? await overseerr.standing(request.mediaType, request.tmdbId) : [];
  if (!request || standing.length === 0) return "nothing-there";
  const ours = await oursAmong(database, request, standing);
  // Checked last before the deletion: a request for the title from now on finds it gone, and asks again.
  if (await isWanted(database.primary, request)) return "still-wanted";
  for (const { id } of ours) await overseerr.withdraw(id);
  return ours.length > 0 ? "withdrawn" : "not-ours";
}

/**
 * A request that a person made at Overseerr itself is followed too, but is not ours to delete. Ours was made while a
 * download of ours was under way.
 */
async function oursAmong(database: Database, title: Title, standing: Standing[]): Promise<Standing[]> {
  const verdicts = await Promise.all(standing.map(({ createdAt }) => wasUnderWay(database.primary, title, createdAt)));
  return standing.filter((_, n) => verdicts[n]);
}
