import { z } from "zod";
import type { Metrics } from "../observability/metrics/metrics.ts";
import type { ServiceHealth } from "../resilience/upstream-health.ts";
import { createJsonApi } from "./json-api.ts";

const sections = z.object({
  MediaContainer: z.object({ Directory: z.array(z.object({ key: z.string(), type: z.string() })).default([]) }),
});
const contents = z.object({
  MediaContainer: z.object({
    Metadata: z
      .array(z.object({ ratingKey: z.string(), title: z.string(), year: z.int().optional(), addedAt: z.int() }))
      .default([]),
  }),
});

const identity = z.object({ MediaContainer: z.object({ machineIdentifier: z.string().min(1) }) });

/** What Plex calls the kinds of a section. */
const MEDIA_TYPES: Record<string, "movie" | "tv"> = { movie: "movie", show: "tv" };

export interface LibraryItem {
  plexId: string;
  mediaType: "movie" | "tv";
  title: string;
  year: number | null;
  addedAt: string;
}

/** A Plex media server, as far as this service needs it. */
export interface Plex {
  /** What was added last, over all sections. */
  library(limit: number): Promise<LibraryItem[]>;
  /** Whether it works, by its cheapest route; throws a Problem where it does not. */
  probe(): Promise<void>;
  health(): ServiceHealth;
  /** Opens its breaker by hand for so many seconds; 0 closes it. */
  hold(seconds: number): void;
  close(): Promise<void>;
}

export function createPlex({ baseUrl, token, metrics }: { baseUrl: string; token: string; metrics: Metrics }): Plex {
  const api = createJsonApi({ name: "plex", baseUrl, headers: { "x-plex-token": token }, metrics });
  const section = async (key: string, mediaType: "movie" | "tv", limit: number): Promise<LibraryItem[]> => {
    const query = { sort: "addedAt:desc", "X-Plex-Container-Start": "0", "X-Plex-Container-Size": String(limit) };
    const found = await api.get(`/library/sections/${encodeURIComponent(key)}/all`, query, contents);
    return (found?.MediaContainer.Metadata ?? []).map(({ ratingKey, title, year = null, addedAt }) => ({
      plexId: ratingKey,
      mediaType,
      title,
      year,
      addedAt: new Date(addedAt * 1_000).toISOString(),
    }));
  };
  return {
    async library(limit) {
      const found = await api.get("/library/sections", {}, sections);
      const kinds = (found?.MediaContainer.Directory ?? []).flatMap(({ key, type }) => {
        const mediaType = MEDIA_TYPES[type];
        return mediaType ? [{ key, mediaType }] : [];
      });
      const items = await Promise.all(kinds.map(({ key, mediaType }) => section(key, mediaType, limit)));
      return items
        .flat()
        .sort((a, b) => b.addedAt.localeCompare(a.addedAt))
        .slice(0, limit);
    },
    probe: () => api.probe("/identity", {}, identity),
    health: api.health,
    hold: api.hold,
    close: api.close,
  };
}
