import type { Catalogue, Found } from "../domain/catalogue.ts";
import { Problem } from "../errors/problem.ts";
import type { Overseerr } from "../upstreams/overseerr.ts";
import type { Handlers } from "./mount.ts";
import { json, type Reply, staleHeaders } from "./reply.ts";

export interface MediaDeps {
  catalogue: Catalogue;
  overseerr: Overseerr;
}

/** What is passed on from upstreams. */
export function mediaHandlers({ catalogue, overseerr }: MediaDeps) {
  return {
    discover: async ({ query: { mediaType, page } }) =>
      passOn(await catalogue.discover(mediaType, page), (titles) => titles),
    search: async ({ query: { mediaType, query, page } }) =>
      passOn(await catalogue.search(mediaType, query, page), (titles) => titles),
    listTrailers: async ({ params: { mediaType, tmdbId } }) =>
      passOn(await catalogue.trailers(mediaType, tmdbId), (items) => ({ items })),
    getLibrary: async ({ query: { limit } }) => passOn(await catalogue.library(limit), (items) => ({ items })),
    getOverseerr: async () => {
      const counts = await overseerr.counts();
      if (!counts) throw new Problem("not-found");
      return json(200, counts);
    },
  } satisfies Partial<Handlers>;
}

function passOn<T>({ value, ageSeconds }: Found<T>, present: (value: T) => unknown): Reply {
  return json(200, present(value), staleHeaders(ageSeconds));
}
