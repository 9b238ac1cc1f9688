import type { MediaType } from "../../model/media.ts";
import { query, type Reader } from "../postgres/database.ts";

/** What several people's requests can be for. */
export interface Title {
  mediaType: MediaType;
  tmdbId: number;
}

/** How far Overseerr's clock may be from ours, and how long a call that we gave up may still take effect there. */
const MOST_APART = "interval '1 minute'";

/** Whether a request of any user for the title is under way, including one that was cancelled and retried. */
export async function isWanted(from: Reader, { mediaType, tmdbId }: Title): Promise<boolean> {
  const sql = "SELECT FROM requests WHERE media_type = $1 AND tmdb_id = $2 AND status = 'pending' LIMIT 1";
  return (await query(from, "is title wanted", sql, [mediaType, tmdbId])).length > 0;
}

/**
 * Whether a download of the title that came to nothing was under way here at that time. What was asked for then by one
 * that was completed has done its work, and is not touched.
 */
export async function wasUnderWay(from: Reader, { mediaType, tmdbId }: Title, at: string): Promise<boolean> {
  const sql = `SELECT FROM requests r JOIN downloads d ON d.request_id = r.id
    WHERE r.media_type = $1 AND r.tmdb_id = $2 AND d.status IN ('cancelled', 'failed')
      AND $3::timestamptz BETWEEN d.created_at - ${MOST_APART} AND d.changed_at + ${MOST_APART} LIMIT 1`;
  return (await query(from, "was title under way", sql, [mediaType, tmdbId, at])).length > 0;
}
