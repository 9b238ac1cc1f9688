import type pg from "pg";
import { query } from "../postgres/database.ts";

export interface ActivityRow {
  /** `2026-01-31`, in UTC. */
  day: string;
  kind: "account" | "visitor";
  who: string;
}

/** Writing a row again changes nothing, so it may be tried again. */
export async function insertActivity(pool: pg.Pool, rows: ActivityRow[]): Promise<void> {
  await query(
    pool,
    "insert activity",
    `INSERT INTO activity (day, kind, who) SELECT * FROM unnest($1::date[], $2::text[], $3::text[]) ON CONFLICT DO NOTHING`,
    [rows.map(({ day }) => day), rows.map(({ kind }) => kind), rows.map(({ who }) => who)],
  );
}

/** Days that no metric asks for any more; answers how many rows went. */
export async function purgeActivity(client: Pick<pg.Pool, "query">): Promise<number> {
  const purged = await client.query("DELETE FROM activity WHERE day < now() - interval '15 days'");
  return purged.rowCount ?? 0;
}
