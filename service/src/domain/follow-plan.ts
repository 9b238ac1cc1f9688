import type { Download, Step } from "../data/repositories/downloads.ts";
import type { Sighting } from "../upstreams/overseerr.ts";

/** What one look brought. `unseen`: Overseerr could not be asked. `lost`: it does not know the request any more. */
export type Look = { seen: Sighting; overseerrId: number } | "unseen" | "lost";

const SHORTEST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 30_000;

/** A series of which a part is there and nothing more came for so long has what there is of it: its next season is another request. */
export const SETTLED_MS = 24 * 3_600_000;

/**
 * What a look makes of a download. Progress never goes back: a file that is loaded anew is no news to its reader.
 * `unchangedMs`: since the last step that its reader saw.
 */
export function planStep({ status, progress, overseerrId }: Step, look: Look, unchangedMs: number): Step {
  if (look === "unseen") return { status, progress, overseerrId };
  // It is asked for again by the next look.
  if (look === "lost") return { status, progress, overseerrId: null };
  const { state, loaded } = look.seen;
  const settled = state === "partial" && unchangedMs >= SETTLED_MS;
  if (state === "available" || settled) return { status: "completed", progress: 100, overseerrId: look.overseerrId };
  if (state === "refused") return { status: "failed", progress, overseerrId: look.overseerrId };
  // 100 is said only of what is there to be watched.
  const next = Math.min(99, Math.max(progress, Math.floor(loaded * 100)));
  const began = status === "downloading" || state === "downloading";
  return { status: began ? "downloading" : "queued", progress: next, overseerrId: look.overseerrId };
}

/** A tenth of the download's age: quick ones are seen at once, and one of hours costs two looks a minute. */
export function pauseMs({ createdAt }: Pick<Download, "createdAt">, now: number): number {
  return Math.min(LONGEST_PAUSE_MS, Math.max(SHORTEST_PAUSE_MS, (now - Date.parse(createdAt)) / 10));
}
