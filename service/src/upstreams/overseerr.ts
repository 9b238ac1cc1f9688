import { z } from "zod";
import { Problem } from "../errors/problem.ts";
import type { MediaType } from "../model/media.ts";
import type { Metrics } from "../observability/metrics/metrics.ts";
import type { ServiceHealth } from "../resilience/upstream-health.ts";
import { createJsonApi } from "./json-api.ts";

const counts = z.object({ pending: z.int(), approved: z.int(), processing: z.int(), available: z.int() });
const status = z.object({ version: z.string().min(1) });
export type RequestCounts = z.infer<typeof counts>;

/** Overseerr's numbers for the state of a request and of a title (its `MediaRequestStatus` and `MediaStatus`). */
const REFUSED: readonly number[] = [3, 4];
const PARTIALLY_AVAILABLE = 4;
const AVAILABLE = 5;

const loading = z.object({ size: z.number(), sizeLeft: z.number() });
/** As `GET /api/v1/request/{requestId}` answers; what Sonarr and Radarr load for the title is in `downloadStatus`. */
const held = z.object({
  id: z.int(),
  status: z.int(),
  media: z.object({ status: z.int(), downloadStatus: z.array(loading).default([]) }),
});
const created = z.object({ id: z.int() });
const asked = z.object({ id: z.int(), status: z.int(), createdAt: z.iso.datetime({ offset: true }) });
/** As `GET /api/v1/movie/{movieId}` and `GET /api/v1/tv/{tvId}` answer. A title without requests has no `mediaInfo`. */
const title = z.object({ mediaInfo: z.object({ requests: z.array(asked).default([]) }).optional() });

/**
 * How a title does at Overseerr. `waiting`: nothing is being loaded, or a finished download is being put in its place.
 * `partial`: the same of a series of which a part is there; Overseerr keeps one that goes on there for good.
 */
export interface Sighting {
  state: "waiting" | "partial" | "downloading" | "available" | "refused";
  /** Share that has been loaded, 0 to 1; 0 where Overseerr does not say. */
  loaded: number;
}

/** A request at Overseerr that was not refused there. */
export type Standing = Pick<z.infer<typeof asked>, "id" | "createdAt">;

/** What Overseerr says instead of 201: 409 of a title that was asked for, 202 of a series without a season left to ask for. */
const ASKED_BEFORE = [202, 409];

/** An Overseerr server, as far as this service needs it. */
export interface Overseerr {
  /** How many requests it holds, by state. */
  counts(): Promise<RequestCounts | undefined>;
  /** Asks for a title, unless it was asked for; the id of its request there. */
  request(mediaType: MediaType, tmdbId: number): Promise<number>;
  /** How that request does; undefined where Overseerr does not know it. */
  sight(id: number): Promise<Sighting | undefined>;
  /** The requests that stand for a title. It keeps those that were turned down too. */
  standing(mediaType: MediaType, tmdbId: number): Promise<Standing[]>;
  /** Deletes a request, if it is there. What Radarr or Sonarr load for it already, they go on loading. */
  withdraw(id: number): Promise<void>;
  /** Whether it works, by its cheapest route; throws a Problem where it does not. */
  probe(): Promise<void>;
  health(): ServiceHealth;
  /** Opens its breaker by hand for so many seconds; 0 closes it. */
  hold(seconds: number): void;
  close(): Promise<void>;
}

interface OverseerrOptions {
  baseUrl: string;
  key: string;
  metrics: Metrics;
}

export function createOverseerr({ baseUrl, key, metrics }: OverseerrOptions): Overseerr {
  const api = createJsonApi({ name: "overseerr", baseUrl, headers: { "x-api-key": key }, metrics });
  const standing = async (mediaType: MediaType, tmdbId: number) => {
    const known = await api.get(`/api/v1/${mediaType}/${tmdbId}`, {}, title);
    return (known?.mediaInfo?.requests ?? []).filter(({ status }) => !REFUSED.includes(status));
  };
  return {
    counts: () => api.get("/api/v1/request/count", {}, counts),
    async request(mediaType, tmdbId) {
      const wish = { mediaType, mediaId: tmdbId, ...(mediaType === "tv" && { seasons: "all" }) };
      const made = await api.post("/api/v1/request", wish, created, ASKED_BEFORE);
      if (made) return made.id;
      const newest = Math.max(...(await standing(mediaType, tmdbId)).map(({ id }) => id));
      if (Number.isFinite(newest)) return newest;
      const cause = new Error("overseerr refuses a request for being there before, and has none");
      throw new Problem("upstream-bad-response", { cause, extensions: { service: "overseerr" } });
    },
    async sight(id) {
      const found = await api.get(`/api/v1/request/${id}`, {}, held);
      return found && sightingOf(found);
    },
    standing,
    withdraw: (id) => api.delete(`/api/v1/request/${id}`),
    probe: () => api.probe("/api/v1/status", {}, status),
    health: api.health,
    hold: api.hold,
    close: api.close,
  };
}

function sightingOf({ status, media }: z.infer<typeof held>): Sighting {
  if (media.status === AVAILABLE) return { state: "available", loaded: 1 };
  if (REFUSED.includes(status)) return { state: "refused", loaded: 0 };
  const size = sum(media.downloadStatus.map((part) => part.size));
  if (size <= 0) return { state: media.status === PARTIALLY_AVAILABLE ? "partial" : "waiting", loaded: 0 };
  return { state: "downloading", loaded: 1 - sum(media.downloadStatus.map((part) => part.sizeLeft)) / size };
}

function sum(values: number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
