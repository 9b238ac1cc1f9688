import type pg from "pg";
import type { MediaType } from "../../model/media.ts";
import { query, type Reader } from "../postgres/database.ts";
import { type Changes, type Page, type Place, parseCursor, toChanges, toPage } from "../postgres/page.ts";
import { conditions } from "../postgres/sql-conditions.ts";

/** `awaiting` a decision; `pending`: approved, and its job under way. */
export const REQUEST_STATUSES = ["awaiting", "pending", "available", "declined", "cancelled", "failed"] as const;
export type RequestStatus = (typeof REQUEST_STATUSES)[number];

/** A stored request for media. */
export interface MediaRequest {
  id: string;
  userId: string;
  status: RequestStatus;
  mediaType: MediaType;
  tmdbId: number;
  title: string;
  createdAt: string;
}

/** As a change left it: of two states of one request, the one with the greater version is the newer. */
export interface ChangedRequest extends MediaRequest {
  version: number;
}

interface Row {
  id: string;
  user_id: string;
  status: RequestStatus;
  media_type: MediaType;
  tmdb_id: number;
  title: string;
  created_at: Date;
}

const COLUMNS = "id, user_id, status, media_type, tmdb_id, title, created_at";
/** What a change answers. Reads do without the version: a replica may lag behind the migration that brought it. */
const CHANGED = `${COLUMNS}, version`;
type ChangedRow = Row & { version: number };

export type NewRequest = Pick<MediaRequest, "userId" | "status" | "mediaType" | "tmdbId" | "title">;

/** Stores the request, or answers the id of the one that the same user already made for the same title. */
export async function insertRequest(
  client: pg.PoolClient,
  { userId, status, mediaType, tmdbId, title }: NewRequest,
): Promise<{ created: ChangedRequest } | { existingId: string }> {
  const inserted = await client.query<ChangedRow>(
    `INSERT INTO requests (user_id, status, media_type, tmdb_id, title) VALUES ($1, $2, $3, $4, $5)
     ON CONFLICT (user_id, media_type, tmdb_id) DO NOTHING RETURNING ${CHANGED}`,
    [userId, status, mediaType, tmdbId, title],
  );
  if (inserted.rows[0]) return { created: fromChange(inserted.rows[0]) };
  // The conflicting insert was waited for, so the row is committed and visible to this next statement.
  const existing = await client.query<{ id: string }>(
    "SELECT id FROM requests WHERE user_id = $1 AND media_type = $2 AND tmdb_id = $3",
    [userId, mediaType, tmdbId],
  );
  return { existingId: (existing.rows[0] as { id: string }).id };
}

export async function findRequest(from: Reader, id: string): Promise<MediaRequest | undefined> {
  const rows = await query<Row>(from, "find request", `SELECT ${COLUMNS} FROM requests WHERE id = $1`, [id]);
  return rows[0] && fromRow(rows[0]);
}

/**
 * Delivers the request once. The row's lock makes two workers with the same job wait for each other, and the second
 * finds nothing pending: it gets undefined.
 */
export async function markAvailable(client: pg.ClientBase, id: string): Promise<ChangedRequest | undefined> {
  const { rows } = await client.query<ChangedRow>(
    `UPDATE requests SET status = 'available', delivered_at = now() WHERE id = $1 AND status = 'pending' RETURNING ${CHANGED}`,
    [id],
  );
  return rows[0] && fromChange(rows[0]);
}

/** Undefined where it was not under way any more, or went to work again after that time. */
export async function markFailed(
  client: pg.ClientBase,
  id: string,
  until: Date | "infinity" = "infinity",
): Promise<ChangedRequest | undefined> {
  const sql = `UPDATE requests SET status = 'failed' WHERE id = $1 AND status = 'pending' AND changed_at <= $2
    RETURNING ${CHANGED}`;
  const { rows } = await client.query<ChangedRow>(sql, [id, until]);
  return rows[0] && fromChange(rows[0]);
}

/** Reads and locks the row: of two changes at once the second sees what the first made of it. */
export async function findForUpdate(client: pg.ClientBase, id: string): Promise<MediaRequest | undefined> {
  const { rows } = await client.query<Row>(`SELECT ${COLUMNS} FROM requests WHERE id = $1 FOR UPDATE`, [id]);
  return rows[0] && fromRow(rows[0]);
}

export async function updateStatus(client: pg.ClientBase, id: string, status: RequestStatus): Promise<ChangedRequest> {
  const sql = `UPDATE requests SET status = $2 WHERE id = $1 RETURNING ${CHANGED}`;
  const { rows } = await client.query<ChangedRow>(sql, [id, status]);
  return fromChange(rows[0] as ChangedRow);
}

/** Those that changed last, the newest first. */
export async function newestRequests(pool: pg.Pool, limit: number): Promise<MediaRequest[]> {
  const sql = `SELECT ${COLUMNS} FROM requests ORDER BY changed_at DESC, id DESC LIMIT $1`;
  return (await query<Row>(pool, "newest requests", sql, [limit])).map(fromRow);
}

/** What changed after a place in the order of changes, the oldest change first. */
export async function changedRequests(pool: pg.Pool, after: Place, limit: number): Promise<Changes<ChangedRequest>> {
  const sql = `SELECT ${CHANGED}, changed_at::text AS at FROM requests WHERE (changed_at, id) > ($1, $2)
    ORDER BY changed_at, id LIMIT ${limit}`;
  const rows = await query<ChangedRow & Place>(pool, "list changed requests", sql, [after.at, after.id]);
  return toChanges(rows, limit, fromChange);
}

export interface RequestFilter {
  userId?: string | undefined;
  status?: RequestStatus | undefined;
  mediaType?: MediaType | undefined;
}

/** Newest first. A page starts after a place, not at a number: it costs the same however far down it is. */
export async function listRequests(
  from: Reader,
  filter: RequestFilter,
  limit: number,
  cursor: string | undefined,
): Promise<Page<MediaRequest>> {
  const after = parseCursor(cursor);
  const { where, values } = conditions([
    ["user_id = ?", filter.userId],
    ["status = ?", filter.status],
    ["media_type = ?", filter.mediaType],
    ["(created_at, id) < (?, ?)", after && [after.at, after.id]],
  ]);
  const sql = `SELECT ${COLUMNS}, created_at::text AS at FROM requests ${where}
    ORDER BY created_at DESC, id DESC LIMIT ${limit + 1}`;
  return toPage(await query<Row & { at: string }>(from, "list requests", sql, values), limit, fromRow);
}

function fromChange(row: ChangedRow): ChangedRequest {
  return { ...fromRow(row), version: row.version };
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
