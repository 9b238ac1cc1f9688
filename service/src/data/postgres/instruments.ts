import type pg from "pg";
import { within } from "../../resilience/deadline.ts";
import type { Policy } from "../../resilience/policy.ts";
import { type QueryWatch, secondsSince } from "./query-watch.ts";

export { secondsSince };

/** A frozen server answers nothing while its kernel still acknowledges packets. */
export const CONNECT_MS = 2_000;

interface Instruments {
  pool: string;
  policy: Policy;
  watch: QueryWatch;
  /** Of callers that waited for a connection, since the last call of takeMeanWaitMs. */
  waits: { count: number; seconds: number };
}

/** Of the pools of connectDatabase; a bare pool, as in a script, is neither admitted nor watched. */
export const instruments = new WeakMap<pg.Pool, Instruments>();

/** When connections began, and when one of a pool was last found silent: performance.now(). */
const began = new WeakMap<pg.ClientBase, number>();
const foundSilent = new WeakMap<pg.Pool, number>();

/** Call it for each new pool. */
export function noteConnections(pool: pg.Pool): void {
  pool.on("connect", (client) => void began.set(client, performance.now()));
}

/**
 * Gives back a connection whose state is not known, which closes it. Where its server went away without a word, the
 * others that began before are as dead, each of which would cost a call its whole time: they are not used again either.
 */
export function discard(pool: pg.Pool, client: pg.PoolClient, error: unknown): void {
  if ((error as Error).message?.startsWith("Query read timeout")) foundSilent.set(pool, performance.now());
  client.release(true);
}

const isSuspect = (pool: pg.Pool, client: pg.PoolClient) =>
  (began.get(client) ?? Number.POSITIVE_INFINITY) < (foundSilent.get(pool) ?? 0);

/** A connection of the pool; how long it was waited for is measured. */
export async function checkOut(pool: pg.Pool): Promise<pg.PoolClient> {
  const asked = performance.now();
  let client = await connect(pool);
  while (isSuspect(pool, client)) {
    client.release(true);
    client = await connect(pool);
  }
  const watched = instruments.get(pool);
  if (!watched) return client;
  const seconds = secondsSince(asked);
  watched.watch.waited(watched.pool, seconds);
  watched.waits.count += 1;
  watched.waits.seconds += seconds;
  return client;
}

/** Runs the work on a connection of the pool and measures it under the name; after an error the connection is not used again. */
export async function onConnection<T>(
  pool: pg.Pool,
  name: string,
  work: (client: pg.PoolClient) => Promise<T>,
): Promise<T> {
  const client = await checkOut(pool);
  const started = performance.now();
  try {
    const result = await work(client);
    client.release();
    return result;
  } catch (error) {
    discard(pool, client, error);
    throw error;
  } finally {
    instruments.get(pool)?.watch.ran(name, secondsSince(started));
  }
}

/** As pg says it, whose own deadline counts time in which this process did not listen. */
const late = () => new Error("timeout exceeded when trying to connect");

async function connect(pool: pg.Pool): Promise<pg.PoolClient> {
  const connecting = pool.connect();
  try {
    return await within(CONNECT_MS, () => connecting, late);
  } catch (error) {
    // One that comes later is for others.
    connecting.then(
      (client) => client.release(),
      () => {},
    );
    throw error;
  }
}

/** Mean milliseconds that callers waited for a connection since this was asked last; undefined while all still wait. */
export function takeMeanWaitMs(pool: pg.Pool): number | undefined {
  const waits = instruments.get(pool)?.waits;
  if (!waits || waits.count === 0) return pool.waitingCount > 0 ? undefined : 0;
  const mean = (waits.seconds / waits.count) * 1_000;
  waits.count = 0;
  waits.seconds = 0;
  return mean;
}
