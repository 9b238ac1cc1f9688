import { z } from "zod";
import type { Metrics } from "../observability/metrics/metrics.ts";
import type { ServiceHealth } from "../resilience/upstream-health.ts";
import { createJsonApi } from "./json-api.ts";

const videos = z.object({
  items: z.array(z.object({ id: z.object({ videoId: z.string() }), snippet: z.object({ title: z.string() }) })),
});

const FILM = "1";
const categories = z.object({ items: z.array(z.object({ id: z.literal(FILM) })).length(1) });

export interface Trailer {
  videoId: string;
  title: string;
  url: string;
}

export function toTrailer(videoId: string, title: string): Trailer {
  return { videoId, title, url: `https://www.youtube.com/watch?v=${encodeURIComponent(videoId)}` };
}

/** YouTube's Data API v3, as far as this service needs it. */
export interface Youtube {
  /** Costs 100 units of the daily quota of 10,000 (Google's table of quota costs). */
  trailers(title: string): Promise<Trailer[]>;
  /** Whether it works, by its cheapest route; throws a Problem where it does not. */
  probe(): Promise<void>;
  health(): ServiceHealth;
  /** Opens its breaker by hand for so many seconds; 0 closes it. */
  hold(seconds: number): void;
  close(): Promise<void>;
}

export function createYoutube({ baseUrl, key, metrics }: { baseUrl: string; key: string; metrics: Metrics }): Youtube {
  // In a header, not in the query: queries end up in logs.
  const api = createJsonApi({ name: "youtube", baseUrl, headers: { "x-goog-api-key": key }, metrics });
  return {
    async trailers(title) {
      const query = { part: "snippet", type: "video", maxResults: "5", q: `${title} official trailer` };
      const found = await api.get("/youtube/v3/search", query, videos);
      return (found?.items ?? []).map(({ id: { videoId }, snippet }) => toTrailer(videoId, snippet.title));
    },
    // One unit of the daily quota, so 1,440 a day.
    probe: () => api.probe("/youtube/v3/videoCategories", { part: "snippet", id: FILM }, categories),
    health: api.health,
    hold: api.hold,
    close: api.close,
  };
}
