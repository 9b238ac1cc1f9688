import type pg from "pg";
import type { Guard } from "../recovery/guard.ts";
import { type QueryWatch, secondsSince } from "./query-watch.ts";

export { secondsSince };

interface Instruments {
  pool: string;
  guard: Guard;
  watch: QueryWatch;
  /** Of those who waited for a connection since somebody looked last. */
  waits: { count: number; seconds: number };
}

/** Of the pools of connectDatabase; a bare pool, as in a script, is neither guarded nor watched. */
export const instruments = new WeakMap<pg.Pool, Instruments>();

/** A connection of the pool; how long it was waited for is measured. */
export async function checkOut(pool: pg.Pool): Promise<pg.PoolClient> {
  const asked = performance.now();
  const client = await pool.connect();
  const watched = instruments.get(pool);
  if (!watched) return client;
  const seconds = secondsSince(asked);
  watched.watch.waited(watched.pool, seconds);
  watched.waits.count += 1;
  watched.waits.seconds += seconds;
  return client;
}

/** Mean milliseconds that callers waited for a connection since this was asked last; 0 where there was none. */
export function takeMeanWaitMs(pool: pg.Pool): number {
  const waits = instruments.get(pool)?.waits;
  if (!waits || waits.count === 0) return 0;
  const mean = (waits.seconds / waits.count) * 1_000;
  waits.count = 0;
  waits.seconds = 0;
  return mean;
}
