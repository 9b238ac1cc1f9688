import type { Operation } from "./operation.ts";

/** Who may keep an answer, and for how long without asking again; the words are RFC 9111's and RFC 5861's. */
export const CACHING = {
  /** Tokens, and what a POST did. */
  none: "no-store",
  /** One user's data: shared caches must not keep it, and the user's own must ask again, which costs a 304. */
  owner: "private, no-cache",
  /** The same for all who are signed in, and slow to change. */
  ownerBriefly: "private, max-age=60",
  /** The same for every caller: the edge keeps it, refreshes it in the background, and serves it while the origin fails. */
  shared: "public, max-age=60, s-maxage=300, stale-while-revalidate=300, stale-if-error=86400",
  /** Changes with a release only. */
  release: "public, max-age=300",
} as const;

export type Caching = keyof typeof CACHING;

/** By default an answer belongs to its caller alone. */
export function cachingOf({ caching, method, access }: Operation): Caching {
  if (caching) return caching;
  if (method !== "get") return "none";
  return access === "public" ? "release" : "owner";
}
