import type pg from "pg";
import type { MediaType } from "../../model/media.ts";
import { query, type Reader } from "../postgres/database.ts";
import { type Changes, type Page, type Place, parseCursor, toChanges, toPage } from "../postgres/page.ts";
import { conditions } from "../postgres/sql-conditions.ts";

/** `queued` at Overseerr or not there yet; the last three are ends. */
export const DOWNLOAD_STATUSES = ["queued", "downloading", "completed", "failed", "cancelled"] as const;
export type DownloadStatus = (typeof DOWNLOAD_STATUSES)[number];
export const UNDER_WAY: readonly DownloadStatus[] = ["queued", "downloading"];

/** The download of a request. A request that was retried has several, of which one at most is under way. */
export interface Download {
  id: string;
  requestId: string;
  userId: string;
  status: DownloadStatus;
  /** Whole percent; 100 exactly when it is completed. */
  progress: number;
  mediaType: MediaType;
  tmdbId: number;
  title: string;
  /** Overseerr's id of the request; null until it has one. */
  overseerrId: number | null;
  /** Looks at Overseerr so far. */
  tick: number;
  /** Grows with every change that can be seen from outside. */
  version: number;
  createdAt: string;
  updatedAt: string;
}

interface Row {
  id: string;
  request_id: string;
  user_id: string;
  status: DownloadStatus;
  progress: number;
  media_type: MediaType;
  tmdb_id: number;
  title: string;
  overseerr_id: number | null;
  tick: number;
  version: number;
  created_at: Date;
  changed_at: Date;
}

const COLUMNS = `d.id, d.request_id, d.user_id, d.status, d.progress, r.media_type, r.tmdb_id, r.title,
  d.overseerr_id, d.tick, d.version, d.created_at, d.changed_at`;
const JOINED = "downloads d JOIN requests r ON r.id = d.request_id";

/** Undefined where one is under way already. */
export async function insertDownload(client: pg.ClientBase, requestId: string): Promise<Download | undefined> {
  const { rows } = await client.query<Row>(
    `WITH d AS (
       INSERT INTO downloads (request_id, user_id) SELECT id, user_id FROM requests WHERE id = $1
       ON CONFLICT (request_id) WHERE status IN ('queued', 'downloading') DO NOTHING RETURNING *
     ) SELECT ${COLUMNS} FROM d JOIN requests r ON r.id = d.request_id`,
    [requestId],
  );
  return rows[0] && fromRow(rows[0]);
}

export async function findDownload(from: Reader, id: string): Promise<Download | undefined> {
  const [row] = await query<Row>(from, "find download", `SELECT ${COLUMNS} FROM ${JOINED} WHERE d.id = $1`, [id]);
  return row && fromRow(row);
}

export type Step = Pick<Download, "status" | "progress" | "overseerrId">;

/** Writes what a look at Overseerr brought. Undefined where that look was written before, or the download has ended. */
export async function stepDownload(
  client: pg.ClientBase,
  { id, tick }: Pick<Download, "id" | "tick">,
  { status, progress, overseerrId }: Step,
): Promise<Download | undefined> {
  const { rows } = await client.query<Row>(
    `UPDATE downloads d SET status = $3, progress = $4, overseerr_id = $5, tick = d.tick + 1 FROM requests r
     WHERE d.id = $1 AND d.tick = $2 AND d.status IN ('queued', 'downloading') AND r.id = d.request_id
     RETURNING ${COLUMNS}`,
    [id, tick, status, progress, overseerrId],
  );
  return rows[0] && fromRow(rows[0]);
}

/** Ends what is under way for a request, if anything is. */
export async function endDownload(
  client: pg.ClientBase,
  requestId: string,
  status: "failed" | "cancelled",
): Promise<Download | undefined> {
  const { rows } = await client.query<Row>(
    `UPDATE downloads d SET status = $2 FROM requests r
     WHERE d.request_id = $1 AND d.status IN ('queued', 'downloading') AND r.id = d.request_id RETURNING ${COLUMNS}`,
    [requestId, status],
  );
  return rows[0] && fromRow(rows[0]);
}

export interface DownloadFilter {
  userId?: string | undefined;
  status?: DownloadStatus | undefined;
  requestId?: string | undefined;
}

/** Newest first, by keyset. */
export async function listDownloads(
  pool: pg.Pool,
  filter: DownloadFilter,
  limit: number,
  cursor: string | undefined,
): Promise<Page<Download>> {
  const after = parseCursor(cursor);
  const { where, values } = conditions([
    ["d.user_id = ?", filter.userId],
    ["d.status = ?", filter.status],
    ["d.request_id = ?", filter.requestId],
    ["(d.created_at, d.id) < (?, ?)", after && [after.at, after.id]],
  ]);
  const sql = `SELECT ${COLUMNS}, d.created_at::text AS at FROM ${JOINED} ${where}
    ORDER BY d.created_at DESC, d.id DESC LIMIT ${limit + 1}`;
  return toPage(await query<Row & { at: string }>(pool, "list downloads", sql, values), limit, fromRow);
}

/** What changed after a place in the order of changes, the oldest change first. */
export async function changedDownloads(pool: pg.Pool, after: Place, limit: number): Promise<Changes<Download>> {
  const sql = `SELECT ${COLUMNS}, d.changed_at::text AS at FROM ${JOINED} WHERE (d.changed_at, d.id) > ($1, $2)
    ORDER BY d.changed_at, d.id LIMIT ${limit}`;
  const rows = await query<Row & Place>(pool, "list changed downloads", sql, [after.at, after.id]);
  return toChanges(rows, limit, fromRow);
}

function fromRow(row: Row): Download {
  return {
    id: row.id,
    requestId: row.request_id,
    userId: row.user_id,
    status: row.status,
    progress: row.progress,
    mediaType: row.media_type,
    tmdbId: row.tmdb_id,
    title: row.title,
    overseerrId: row.overseerr_id,
    tick: row.tick,
    version: row.version,
    createdAt: row.created_at.toISOString(),
    updatedAt: row.changed_at.toISOString(),
  };
}
