import { z } from "zod";
import type { MediaType } from "../model/media.ts";
import type { Metrics } from "../observability/metrics/metrics.ts";
import type { ServiceHealth } from "../resilience/upstream-health.ts";
import { createJsonApi } from "./json-api.ts";
import { type Trailer, toTrailer } from "./youtube.ts";

const movie = z.object({ title: z.string().min(1) }).transform(({ title }) => title);
const series = z.object({ name: z.string().min(1) }).transform(({ name }) => name);
/** TMDB calls the title of a series its name. */
const TITLE = { movie, tv: series } as const;

const common = { id: z.int(), overview: z.string().default("") };
const page = <T extends z.ZodType>(item: T) =>
  z.object({ page: z.int(), total_pages: z.int(), results: z.array(item) });
const movies = page(z.object({ ...common, title: z.string(), release_date: z.string().optional() }));
const seriesPage = page(z.object({ ...common, name: z.string(), first_air_date: z.string().optional() }));

/** As `GET /3/movie/{id}/videos` and the same of `tv` answer. */
const videos = z.object({
  results: z.array(z.object({ site: z.string(), key: z.string().min(1), name: z.string(), type: z.string() })),
});

export interface TmdbOptions {
  baseUrl: string;
  token: string;
  metrics: Metrics;
}

/** A title as a list shows it. */
export interface Title {
  mediaType: MediaType;
  tmdbId: number;
  title: string;
  overview: string;
  year: number | null;
}

export interface Titles {
  items: Title[];
  page: number;
  totalPages: number;
}

/** The film database, as far as this service needs it. */
export interface Tmdb {
  /** The title behind an id, if there is one; throws a Problem if TMDB cannot say. */
  findTitle(mediaType: MediaType, tmdbId: number): Promise<string | undefined>;
  /** What is popular now. */
  discover(mediaType: MediaType, page: number): Promise<Titles>;
  search(mediaType: MediaType, query: string, page: number): Promise<Titles>;
  /** The trailers at YouTube that it knows of. */
  trailers(mediaType: MediaType, tmdbId: number): Promise<Trailer[]>;
  /** Whether it works, by its cheapest route; throws a Problem where it does not. */
  probe(): Promise<void>;
  health(): ServiceHealth;
  /** Opens its breaker by hand for so many seconds; 0 closes it. */
  hold(seconds: number): void;
  close(): Promise<void>;
}

export function createTmdb({ baseUrl, token, metrics }: TmdbOptions): Tmdb {
  const api = createJsonApi({ name: "tmdb", baseUrl, headers: { authorization: `Bearer ${token}` }, metrics });
  const list = async (path: string, mediaType: MediaType, query: Record<string, string>): Promise<Titles> => {
    const found =
      mediaType === "movie"
        ? await api.get(`${path}/movie`, query, movies)
        : await api.get(`${path}/tv`, query, seriesPage);
    const items = (found?.results ?? []).map((result): Title => {
      const { id, overview } = result;
      const [title, date] =
        "title" in result ? [result.title, result.release_date] : [result.name, result.first_air_date];
      return { mediaType, tmdbId: id, title, overview, year: yearOf(date) };
    });
    return { items, page: found?.page ?? 1, totalPages: found?.total_pages ?? 0 };
  };
  return {
    findTitle: (mediaType, tmdbId) => api.get<z.ZodType<string>>(`/3/${mediaType}/${tmdbId}`, {}, TITLE[mediaType]),
    discover: (mediaType, number) =>
      list("/3/discover", mediaType, { page: String(number), sort_by: "popularity.desc", include_adult: "false" }),
    search: (mediaType, query, number) =>
      list("/3/search", mediaType, { query, page: String(number), include_adult: "false" }),
    async trailers(mediaType, tmdbId) {
      const found = await api.get(`/3/${mediaType}/${tmdbId}/videos`, {}, videos);
      const trailers = (found?.results ?? []).filter(({ site, type }) => site === "YouTube" && type === "Trailer");
      return trailers.map(({ key, name }) => toTrailer(key, name));
    },
    // "Validate Key": nothing is looked up, and a token that was revoked is found.
    probe: () => api.probe("/3/authentication", {}, z.object({ success: z.literal(true) })),
    health: api.health,
    hold: api.hold,
    close: api.close,
  };
}

/** TMDB leaves the date empty where it is not known. */
function yearOf(date: string | undefined): number | null {
  const year = Number(date?.slice(0, 4));
  return year > 0 ? year : null;
}
