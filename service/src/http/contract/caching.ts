import type { Operation } from "./operation.ts";

/** Who may keep an answer, and for how long without asking again; the words are RFC 9111's and RFC 5861's. */
export const CACHING = {
  /** Tokens, and what a POST did. */
  nobody: "no-store",
  /** One user's data: shared caches must not keep it, and the user's own must ask again, which costs a 304. */
  owner: "private, no-cache",
  /** The same for all who are signed in, and slow to change. */
  ownerBriefly: "private, max-age=60",
  /** The same for everybody, signed in or not: the edge keeps it, refreshes it behind the answer, and falls back on it. */
  everybody: "public, max-age=60, s-maxage=300, stale-while-revalidate=300, stale-if-error=86400",
  /** Changes with a release only. */
  release: "public, max-age=300",
} as const;

export type Caching = keyof typeof CACHING;

/** What nobody said is the caller's alone. */
export function cachingOf({ caching, method, access }: Operation): Caching {
  if (caching) return caching;
  if (method !== "get") return "nobody";
  return access === "public" ? "release" : "owner";
}
