import type pg from "pg";
import type { Guard } from "../recovery/guard.ts";
import { type QueryWatch, secondsSince } from "./query-watch.ts";

export { secondsSince };

interface Instruments {
  pool: string;
  guard: Guard;
  watch: QueryWatch;
}

/** Of the pools of connectDatabase; a bare pool, as in a script, is neither guarded nor watched. */
export const instruments = new WeakMap<pg.Pool, Instruments>();

/** A connection of the pool; how long it was waited for is measured. */
export async function checkOut(pool: pg.Pool): Promise<pg.PoolClient> {
  const asked = performance.now();
  const client = await pool.connect();
  const watched = instruments.get(pool);
  watched?.watch.waited(watched.pool, secondsSince(asked));
  return client;
}
