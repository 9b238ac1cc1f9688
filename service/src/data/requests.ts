import type pg from "pg";
import type { MediaType } from "../domain/media.ts";
import { query } from "./database.ts";

/** A stored request for media. */
export interface MediaRequest {
  id: string;
  userId: string;
  status: "pending" | "available";
  mediaType: MediaType;
  tmdbId: number;
  title: string;
  createdAt: string;
}

interface Row {
  id: string;
  user_id: string;
  status: MediaRequest["status"];
  media_type: MediaType;
  tmdb_id: number;
  title: string;
  created_at: Date;
}

const COLUMNS = "id, user_id, status, media_type, tmdb_id, title, created_at";

export type NewRequest = Pick<MediaRequest, "userId" | "mediaType" | "tmdbId" | "title">;

/** Stores the request, or answers the id of the one that the same user already made for the same title. */
export async function insertRequest(
  client: pg.PoolClient,
  { userId, mediaType, tmdbId, title }: NewRequest,
): Promise<{ created: MediaRequest } | { existingId: string }> {
  const inserted = await client.query<Row>(
    `INSERT INTO requests (user_id, media_type, tmdb_id, title) VALUES ($1, $2, $3, $4)
     ON CONFLICT (user_id, media_type, tmdb_id) DO NOTHING RETURNING ${COLUMNS}`,
    [userId, mediaType, tmdbId, title],
  );
  if (inserted.rows[0]) return { created: fromRow(inserted.rows[0]) };
  // The conflicting insert was waited for, so the row is committed and visible to this next statement.
  const existing = await client.query<{ id: string }>(
    "SELECT id FROM requests WHERE user_id = $1 AND media_type = $2 AND tmdb_id = $3",
    [userId, mediaType, tmdbId],
  );
  return { existingId: (existing.rows[0] as { id: string }).id };
}

export async function findRequest(pool: pg.Pool, id: string): Promise<MediaRequest | undefined> {
  const rows = await query<Row>(pool, "find request", `SELECT ${COLUMNS} FROM requests WHERE id = $1`, [id]);
  return rows[0] && fromRow(rows[0]);
}

/**
 * Delivers the request once. The row's lock makes two workers with the same job wait for each other, and the second
 * finds nothing pending: it gets undefined.
 */
export async function markAvailable(client: pg.PoolClient, id: string): Promise<MediaRequest | undefined> {
  const updated = await client.query<Row>(
    `UPDATE requests SET status = 'available', delivered_at = now() WHERE id = $1 AND status = 'pending' RETURNING ${COLUMNS}`,
    [id],
  );
  return updated.rows[0] && fromRow(updated.rows[0]);
}

function fromRow(row: Row): MediaRequest {
  return {
    id: row.id,
    userId: row.user_id,
    status: row.status,
    mediaType: row.media_type,
    tmdbId: row.tmdb_id,
    title: row.title,
    createdAt: row.created_at.toISOString(),
  };
}
