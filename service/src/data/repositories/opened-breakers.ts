import type pg from "pg";
import { query, write } from "../postgres/database.ts";

/** A breaker that is held open now, and for how many seconds more. */
export interface OpenedBreaker {
  upstream: string;
  seconds: number;
}

export function openedBreakers(pool: pg.Pool): Promise<OpenedBreaker[]> {
  const sql = `SELECT upstream, extract(epoch FROM until - now())::float8 AS seconds
    FROM opened_breakers WHERE until > now() ORDER BY upstream`;
  return query<OpenedBreaker>(pool, "opened breakers", sql, []);
}

/** For so many seconds: a breaker that is forgotten closes by itself. */
export async function openBreaker(pool: pg.Pool, upstream: string, seconds: number, reason: string): Promise<void> {
  const sql = `INSERT INTO opened_breakers (upstream, until, reason) VALUES ($1, now() + make_interval(secs => $2), $3)
    ON CONFLICT (upstream) DO UPDATE SET until = EXCLUDED.until, reason = EXCLUDED.reason`;
  await write(pool, "open breaker", sql, [upstream, seconds, reason]);
}

export async function closeBreaker(pool: pg.Pool, upstream: string): Promise<void> {
  await write(pool, "close breaker", "DELETE FROM opened_breakers WHERE upstream = $1", [upstream]);
}
