import type { UpstreamCache } from "../data/redis/upstream-cache.ts";
import { Problem } from "../errors/problem.ts";
import type { MediaType } from "../model/media.ts";
import type { LibraryItem, Plex } from "../upstreams/plex.ts";
import type { Titles, Tmdb } from "../upstreams/tmdb.ts";
import type { Trailer, Youtube } from "../upstreams/youtube.ts";

/** What was found, and how old it is where its source did not answer and a copy had to do. */
export interface Found<T> {
  value: T;
  ageSeconds?: number;
}

/** What upstreams know of films and series: one call for concurrent callers of the same thing, and cached for a while. */
export interface Catalogue {
  /** The title behind an id; throws a Problem if there is none or TMDB cannot say. */
  lookupTitle(mediaType: MediaType, tmdbId: number): Promise<string>;
  discover(mediaType: MediaType, page: number): Promise<Found<Titles>>;
  search(mediaType: MediaType, query: string, page: number): Promise<Found<Titles>>;
  trailers(mediaType: MediaType, tmdbId: number): Promise<Found<Trailer[]>>;
  library(limit: number): Promise<Found<LibraryItem[]>>;
}

export interface CatalogueDeps {
  tmdb: Tmdb;
  youtube: Youtube;
  plex: Plex;
  upstreamCache: UpstreamCache;
  /** Takes one search at YouTube from the budget of all processes; false where none is left. */
  maySearchYoutube(): Promise<boolean>;
}

export function createCatalogue(deps: CatalogueDeps): Catalogue {
  const { tmdb, youtube, plex, upstreamCache } = deps;
  const lookupTitle = async (mediaType: MediaType, tmdbId: number): Promise<string> => {
    const { value } = await upstreamCache.get("title", `${mediaType}:${tmdbId}`, () =>
      tmdb.findTitle(mediaType, tmdbId),
    );
    if (value !== undefined) return value;
    throw new Problem("unknown-title", { detail: `TMDB has no ${mediaType} with the id ${tmdbId}.` });
  };
  /** TMDB knows the trailers of nearly all titles; a search at YouTube is dear. Undefined where it was not looked for there. */
  const findTrailers = async (mediaType: MediaType, tmdbId: number, title: string): Promise<Trailer[] | undefined> => {
    const known = await tmdb.trailers(mediaType, tmdbId);
    if (known.length > 0) return known;
    return (await deps.maySearchYoutube()) ? youtube.trailers(title) : undefined;
  };
  return {
    lookupTitle,
    discover: async (mediaType, page) =>
      there(await upstreamCache.get("discover", `${mediaType}:${page}`, () => tmdb.discover(mediaType, page))),
    search: async (mediaType, query, page) =>
      there(
        await upstreamCache.get("search", `${mediaType}:${page}:${query}`, () => tmdb.search(mediaType, query, page)),
      ),
    trailers: async (mediaType, tmdbId) => {
      const title = await lookupTitle(mediaType, tmdbId);
      const key = `${mediaType}:${tmdbId}`;
      const { value = [], ...age } = await upstreamCache.get("trailers", key, () =>
        findTrailers(mediaType, tmdbId, title),
      );
      return { value, ...age };
    },
    library: async (limit) => there(await upstreamCache.get("library", String(limit), () => plex.library(limit))),
  };
}

/** Lists can be empty, but they are always there. */
function there<T>({ value, ...age }: { value: T | undefined; ageSeconds?: number }): Found<T> {
  return { value: value as T, ...age };
}
