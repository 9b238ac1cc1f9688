import type { Overseerr } from "../clients/overseerr.ts";
import type { Plex } from "../clients/plex.ts";
import type { Tmdb } from "../clients/tmdb.ts";
import type { Youtube } from "../clients/youtube.ts";
import { Problem } from "../errors/problem.ts";
import type { Handlers } from "./mount.ts";
import { json } from "./reply.ts";

export interface MediaDeps {
  tmdb: Tmdb;
  plex: Plex;
  youtube: Youtube;
  overseerr: Overseerr;
}

/** The same for everybody and slow to change; private, since only who is signed in may see it. */
const BRIEF = { "Cache-Control": "private, max-age=60" };

/** What is passed on from outside services. */
export function mediaHandlers({ tmdb, plex, youtube, overseerr }: MediaDeps) {
  return {
    discover: async ({ query: { mediaType, page } }) => json(200, await tmdb.discover(mediaType, page), BRIEF),
    search: async ({ query: { mediaType, query, page } }) =>
      json(200, await tmdb.search(mediaType, query, page), BRIEF),
    listTrailers: async ({ params: { mediaType, tmdbId } }) => {
      const title = await tmdb.lookupTitle(mediaType, tmdbId);
      return json(200, { items: await youtube.trailers(title) }, BRIEF);
    },
    getLibrary: async ({ query: { limit } }) => json(200, { items: await plex.library(limit) }, BRIEF),
    getOverseerr: async () => {
      const counts = await overseerr.counts();
      if (!counts) throw new Problem("not-found");
      return json(200, counts);
    },
  } satisfies Partial<Handlers>;
}
