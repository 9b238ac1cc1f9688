import type { Journey } from "./journey.ts";

const MEDIA_TYPES = ["movie", "tv"];

/** Few enough that the gateway's cache has them after a while, as it has what is popular. */
const WORDS = ["matrix", "dark", "garden", "winter", "signal", "empire", "letters", "river", "paper", "shore"];

export const browse: Journey = {
  name: "browse",
  about: "A visitor looks at what is popular, searches, and watches a trailer.",
  weight: 6,
  steps: [
    { name: "discover", operation: "discover", query: { mediaType: { oneOf: MEDIA_TYPES }, page: { between: [1, 5] } } },
    {
      name: "search",
      operation: "search",
      share: 0.7,
      query: { mediaType: { oneOf: MEDIA_TYPES }, query: { oneOf: WORDS } },
    },
    {
      name: "trailers",
      operation: "listTrailers",
      share: 0.3,
      params: { mediaType: "movie", tmdbId: { oneOf: [13, 155, 278, 550, 603, 680] } },
    },
  ],
};
