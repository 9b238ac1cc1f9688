import type { MediaType } from "../model/media.ts";

/** A few ids that people know by heart; all others are made up from the id. */
const KNOWN: Record<MediaType, Record<number, { title: string; date: string }>> = {
  movie: {
    13: { title: "Forrest Gump", date: "1994-06-23" },
    155: { title: "The Dark Knight", date: "2008-07-16" },
    278: { title: "The Shawshank Redemption", date: "1994-09-23" },
    550: { title: "Fight Club", date: "1999-10-15" },
    603: { title: "The Matrix", date: "1999-03-31" },
    680: { title: "Pulp Fiction", date: "1994-09-10" },
  },
  tv: {
    1396: { title: "Breaking Bad", date: "2008-01-20" },
    1399: { title: "Game of Thrones", date: "2011-04-17" },
    66732: { title: "Stranger Things", date: "2016-07-15" },
  },
};

const FIRST = [
  "Silent",
  "Crimson",
  "Last",
  "Hidden",
  "Golden",
  "Broken",
  "Distant",
  "Paper",
  "Winter",
  "Electric",
  "Northern",
  "Second",
];
const SECOND = [
  "Harbor",
  "Kingdom",
  "Signal",
  "Garden",
  "Letters",
  "Horizon",
  "Orchard",
  "Machine",
  "River",
  "Empire",
  "Shore",
  "Hour",
];
const GENRES = [
  { id: 18, name: "Drama" },
  { id: 35, name: "Comedy" },
  { id: 80, name: "Crime" },
  { id: 99, name: "Documentary" },
  { id: 9648, name: "Mystery" },
];

/** What TMDB answers for a title: the same for the same id, in its shape and about its size. */
export function titlePayload(mediaType: MediaType, id: number): Record<string, unknown> {
  const pick = spread(mediaType === "movie" ? id : id + 1_000_003);
  const title = KNOWN[mediaType][id]?.title ?? `The ${choose(FIRST, pick(0))} ${choose(SECOND, pick(1))}`;
  const date =
    KNOWN[mediaType][id]?.date ?? `${1960 + (pick(2) % 65)}-${two(1 + (pick(3) % 12))}-${two(1 + (pick(4) % 28))}`;
  return {
    adult: false,
    backdrop_path: `/${pick(5).toString(36)}b.jpg`,
    genres: [choose(GENRES, pick(6))],
    id,
    original_language: "en",
    overview: `${title}: what was thought lost turns up again, and nobody is quite ready for it.`,
    popularity: (pick(7) % 100_000) / 1_000,
    poster_path: `/${pick(8).toString(36)}p.jpg`,
    status: mediaType === "movie" ? "Released" : "Ended",
    vote_average: (pick(9) % 10_000) / 1_000,
    vote_count: pick(10) % 30_000,
    ...(mediaType === "movie" ? movieFields(title, date, pick) : seriesFields(title, date, pick)),
  };
}

type Pick = (field: number) => number;

function movieFields(title: string, date: string, pick: Pick) {
  return {
    title,
    original_title: title,
    release_date: date,
    runtime: 80 + (pick(11) % 90),
    video: false,
    imdb_id: `tt${1_000_000 + (pick(12) % 8_999_999)}`,
  };
}

function seriesFields(title: string, date: string, pick: Pick) {
  const seasons = 1 + (pick(11) % 9);
  return {
    name: title,
    original_name: title,
    first_air_date: date,
    number_of_seasons: seasons,
    number_of_episodes: seasons * (6 + (pick(12) % 18)),
  };
}

/** What TMDB has of a title's videos: a trailer and something else of those that people know, nothing of all others. */
export function videosPayload(mediaType: MediaType, id: number): Record<string, unknown> {
  const title = KNOWN[mediaType][id]?.title;
  const video = { iso_639_1: "en", iso_3166_1: "US", site: "YouTube", size: 1080, official: true };
  const results = ["Clip", "Trailer"].map((type) => ({
    ...video,
    type,
    name: `${title} | ${type}`,
    key: `${type}-${id}`,
  }));
  return { id, results: title === undefined ? [] : results };
}

/** An even, fixed number for each field of each id (the finaliser of MurmurHash3). */
function spread(id: number): Pick {
  return (field) => {
    let hash = Math.imul(id, 31) + field;
    hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
    hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
    return (hash ^ (hash >>> 16)) >>> 0;
  };
}

function choose<T>(from: readonly T[], number: number): T {
  return from[number % from.length] as T;
}

function two(number: number): string {
  return String(number).padStart(2, "0");
}
