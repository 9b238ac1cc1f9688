import type pg from "pg";
import type { Entry } from "../../errors/kinds.ts";
import type { GroupChange, GroupStore, Occurrences } from "../../errors/reports.ts";
import { query, write } from "../postgres/database.ts";
import { type Page, parseCursor, toPage } from "../postgres/page.ts";

export const GROUP_STATUSES = ["open", "resolved", "regressed"] as const;
export type GroupStatus = (typeof GROUP_STATUSES)[number];

/** Days after which an error that did not come again is forgotten. */
const KEEP_DAYS = 90;

export interface StoredGroup {
  fingerprint: string;
  status: GroupStatus;
  class: Entry["class"];
  code: string;
  summary: string;
  frames: string[];
  count: number;
  firstSeen: string;
  lastSeen: string;
  firstRelease: string;
  lastRelease: string;
  lastProcess: string;
  sampleTraceId: string | null;
  sampleRequestId: string | null;
  resolvedAt: string | null;
  regressedAt: string | null;
}

/** Says that a release runs. Its first time decides what is newer than what. */
export async function registerRelease(pool: pg.Pool, release: string): Promise<void> {
  const sql = "INSERT INTO releases (release) VALUES ($1) ON CONFLICT DO NOTHING";
  await write(pool, "register release", sql, [release]);
}

/** Reopens a resolved group that comes from a release which began to run after it was resolved. */
const STORE = `
INSERT INTO error_groups AS known (fingerprint, class, code, summary, frames, count, first_seen, last_seen,
  first_release, last_release, last_process, sample_trace_id, sample_request_id)
SELECT fingerprint, class, code, summary, frames, count, "firstSeen", "lastSeen", release, release, process,
  "traceId", "requestId"
FROM jsonb_to_recordset($1::jsonb) AS seen (fingerprint text, class text, code text, summary text, frames text[],
  count bigint, "firstSeen" timestamptz, "lastSeen" timestamptz, release text, process text, "traceId" text,
  "requestId" text)
ORDER BY fingerprint -- two processes that store the same groups must not wait for each other
ON CONFLICT (fingerprint) DO UPDATE SET
  count = known.count + EXCLUDED.count,
  first_release = CASE WHEN EXCLUDED.first_seen < known.first_seen THEN EXCLUDED.first_release ELSE known.first_release END,
  first_seen = least(known.first_seen, EXCLUDED.first_seen),
  last_seen = greatest(known.last_seen, EXCLUDED.last_seen),
  last_release = CASE WHEN EXCLUDED.last_seen < known.last_seen THEN known.last_release ELSE EXCLUDED.last_release END,
  last_process = CASE WHEN EXCLUDED.last_seen < known.last_seen THEN known.last_process ELSE EXCLUDED.last_process END,
  sample_trace_id = coalesce(EXCLUDED.sample_trace_id, known.sample_trace_id),
  sample_request_id = CASE WHEN EXCLUDED.sample_trace_id IS NULL AND known.sample_trace_id IS NOT NULL
    THEN known.sample_request_id ELSE coalesce(EXCLUDED.sample_request_id, known.sample_request_id) END,
  (status, regressed_at) = (
    SELECT CASE WHEN again THEN 'regressed' ELSE known.status END, CASE WHEN again THEN now() ELSE known.regressed_at END
    FROM (SELECT known.status = 'resolved' AND EXCLUDED.last_seen > known.resolved_at AND EXISTS (
      SELECT FROM releases WHERE release = EXCLUDED.last_release AND first_seen > known.resolved_at)) AS verdict (again))
RETURNING fingerprint, CASE WHEN xmax = 0 THEN 'new' WHEN regressed_at = now() THEN 'regressed' ELSE 'again' END AS change`;

export async function storeOccurrences(pool: pg.Pool, occurrences: Occurrences[]): Promise<GroupChange[]> {
  return write(pool, "store error groups", STORE, [JSON.stringify(occurrences)]);
}

/** Where the processes' error reports go. */
export function groupStore(pool: pg.Pool): GroupStore {
  return {
    registerRelease: (release) => registerRelease(pool, release),
    store: (occurrences) => storeOccurrences(pool, occurrences),
  };
}

interface Row {
  fingerprint: string;
  status: GroupStatus;
  class: Entry["class"];
  code: string;
  summary: string;
  frames: string[];
  count: string;
  first_seen: Date;
  last_seen: Date;
  first_release: string;
  last_release: string;
  last_process: string;
  sample_trace_id: string | null;
  sample_request_id: string | null;
  resolved_at: Date | null;
  regressed_at: Date | null;
  at: string;
  id: string;
}

const COLUMNS = "*, last_seen::text AS at, fingerprint AS id";

export interface GroupFilter {
  status?: GroupStatus | undefined;
  class?: Entry["class"] | undefined;
}

/** Last seen first. One that comes again while its list is read moves to the front. */
export async function listGroups(
  pool: pg.Pool,
  filter: GroupFilter,
  limit: number,
  cursor: string | undefined,
): Promise<Page<StoredGroup>> {
  const after = parseCursor(cursor);
  const values: unknown[] = [limit + 1];
  const given = (sql: string, ...more: unknown[]) => sql.replaceAll("?", () => `$${values.push(more.shift())}`);
  const conditions = [
    ...(filter.status ? [given("status = ?", filter.status)] : []),
    ...(filter.class ? [given("class = ?", filter.class)] : []),
    ...(after ? [given("(last_seen, fingerprint) < (?, ?)", after.at, after.id)] : []),
  ];
  const where = conditions.length > 0 ? `WHERE ${conditions.join(" AND ")}` : "";
  const sql = `SELECT ${COLUMNS} FROM error_groups ${where} ORDER BY last_seen DESC, fingerprint DESC LIMIT $1`;
  return toPage(await query<Row>(pool, "list error groups", sql, values), limit, fromRow);
}

export async function findGroup(pool: pg.Pool, fingerprint: string): Promise<StoredGroup | undefined> {
  const sql = `SELECT ${COLUMNS} FROM error_groups WHERE fingerprint = $1`;
  const [row] = await query<Row>(pool, "find error group", sql, [fingerprint]);
  return row && fromRow(row);
}

export async function resolveGroup(client: pg.ClientBase, fingerprint: string): Promise<StoredGroup | undefined> {
  const sql = `UPDATE error_groups SET status = 'resolved', resolved_at = now() WHERE fingerprint = $1 RETURNING ${COLUMNS}`;
  const { rows } = await client.query<Row>(sql, [fingerprint]);
  return rows[0] && fromRow(rows[0]);
}

/** Forgets errors that have not come for a long time, and says how many. */
export async function purgeGroups(pool: pg.Pool): Promise<number> {
  const sql = `DELETE FROM error_groups WHERE last_seen < now() - interval '${KEEP_DAYS} days' RETURNING 1`;
  return (await write(pool, "purge error groups", sql, [])).length;
}

function fromRow(row: Row): StoredGroup {
  return {
    fingerprint: row.fingerprint,
    status: row.status,
    class: row.class,
    code: row.code,
    summary: row.summary,
    frames: row.frames,
    count: Number(row.count),
    firstSeen: row.first_seen.toISOString(),
    lastSeen: row.last_seen.toISOString(),
    firstRelease: row.first_release,
    lastRelease: row.last_release,
    lastProcess: row.last_process,
    sampleTraceId: row.sample_trace_id,
    sampleRequestId: row.sample_request_id,
    resolvedAt: row.resolved_at?.toISOString() ?? null,
    regressedAt: row.regressed_at?.toISOString() ?? null,
  };
}
