import type pg from "pg";
import { ACKNOWLEDGEABLE } from "../../model/incidents.ts";
import { type Database, query } from "../postgres/database.ts";
import { addEvents } from "./incidents.ts";

/** An alert that is on a page: the fingerprint and start by which its incident is known. */
export interface Paged {
  fingerprint: string;
  startsAt: Date;
}

/** Notes under which key people were told of these alerts, and of these incidents. What is known stays as it is. */
export async function notePage(
  { transaction }: Database,
  key: string,
  alerts: readonly Paged[],
  incidents: readonly string[],
): Promise<void> {
  const sql = `INSERT INTO incident_pages (key, incident_id)
    SELECT DISTINCT $1, i.id FROM incidents i
    WHERE i.state <> 'closed' AND (i.id = ANY($4) OR i.id IN (SELECT a.incident_id FROM incident_alerts a
      JOIN unnest($2::text[], $3::timestamptz[]) AS paged (fingerprint, starts_at) USING (fingerprint, starts_at)))
    ON CONFLICT DO NOTHING`;
  const fingerprints = alerts.map(({ fingerprint }) => fingerprint);
  const starts = alerts.map(({ startsAt }) => startsAt);
  await transaction("note page", (client) => client.query(sql, [key, fingerprints, starts, incidents]));
}

/** The keys under which people were told of an incident. */
export async function pageKeysOf(pool: pg.Pool, id: string): Promise<string[]> {
  const sql = "SELECT key FROM incident_pages WHERE incident_id = $1 ORDER BY key";
  return (await query<{ key: string }>(pool, "page keys", sql, [id])).map(({ key }) => key);
}

/** Which incidents a person means: those of a page, or those of a category that people were told of; as of a time. */
export type Meant = { key: string; at: Date } | { category: string; at: Date };

/** How far another program's clock may be from the database's. */
const APART = "interval '1 minute'";
const BY_KEY = `id IN (SELECT incident_id FROM incident_pages WHERE key = $1 AND told_at <= $2::timestamptz + ${APART})`;
const BY_CATEGORY = `category = $1 AND (severity = 'critical' OR escalated_at IS NOT NULL)
  AND coalesce(escalated_at, opened_at) <= $2::timestamptz + ${APART}`;
/** Longer than any signed message is believed. */
const FORGET = "DELETE FROM taken_messages WHERE taken_at < now() - interval '7 days'";

/**
 * Takes a signed message, once: undefined where it was taken before. The incidents that it means and that no person has yet
 * are this person's; one that a playbook is at work on goes on, and waits for the person should it be escalated.
 */
export function acknowledgeBy(
  { transaction }: Database,
  message: string,
  meant: Meant | undefined,
  by: string,
): Promise<string[] | undefined> {
  return transaction("acknowledge by message", async (client) => {
    await client.query(FORGET);
    const taken = await client.query("INSERT INTO taken_messages (id) VALUES ($1) ON CONFLICT DO NOTHING", [message]);
    if (taken.rowCount !== 1) return undefined;
    if (!meant) return [];
    const [where, value] = "key" in meant ? [BY_KEY, meant.key] : [BY_CATEGORY, meant.category];
    const { rows } = await client.query<{ id: string }>(
      `UPDATE incidents SET acknowledged_at = now(), acknowledged_by = $3, due_at = now(),
         state = CASE WHEN state = ANY($4) THEN 'acknowledged' ELSE state END
       WHERE ${where} AND acknowledged_at IS NULL AND state NOT IN ('resolved', 'closed') RETURNING id`,
      [value, meant.at, by, ACKNOWLEDGEABLE],
    );
    for (const { id } of rows)
      await addEvents(client, id, [{ actor: by, kind: "acknowledged", message: "A person has it." }]);
    return rows.map(({ id }) => id);
  });
}
