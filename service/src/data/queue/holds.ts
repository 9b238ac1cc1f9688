import type pg from "pg";
import type { Logger } from "../../observability/log.ts";
import { createOutage } from "../../observability/outage.ts";
import { query, write } from "../postgres/database.ts";

const LOOK_MS = 2_000;

/** Names of the queues that are held now: workers take no jobs from them. */
export async function heldQueues(pool: pg.Pool): Promise<string[]> {
  const rows = await query<{ queue: string }>(
    pool,
    "held queues",
    "SELECT queue FROM paused_queues WHERE until > now()",
    [],
  );
  return rows.map(({ queue }) => queue);
}

/** For so long at most: a hold that is forgotten ends by itself. */
export async function holdQueue(pool: pg.Pool, queue: string, seconds: number, reason: string): Promise<void> {
  const sql = `INSERT INTO paused_queues (queue, until, reason) VALUES ($1, now() + make_interval(secs => $2), $3)
    ON CONFLICT (queue) DO UPDATE SET until = EXCLUDED.until, reason = EXCLUDED.reason`;
  await write(pool, "hold queue", sql, [queue, seconds, reason]);
}

export async function releaseQueue(pool: pg.Pool, queue: string): Promise<void> {
  await write(pool, "release queue", "DELETE FROM paused_queues WHERE queue = $1", [queue]);
}

/** What a worker does with a queue. */
export interface QueueControl {
  /** Takes no more jobs; those in hand come to their end. */
  hold(queue: string): Promise<void>;
  release(queue: string): Promise<void>;
}

export interface Holds {
  /** When the queue was last held, in milliseconds since 1970; 0: never. */
  lastHeld(queue: string): number;
  stop(): Promise<void>;
}

/** Keeps a worker to the holds that are in the database. While that cannot be read, everything stays as it is. */
export function watchHolds(pool: pg.Pool, control: QueueControl, log: Logger): Holds {
  const held = new Map<string, number>();
  const now = new Set<string>();
  const outage = createOutage(log, {}, "held queues cannot be read", "held queues can be read again");
  const look = async () => {
    try {
      const wanted = await heldQueues(pool);
      for (const queue of wanted.filter((name) => !now.has(name))) {
        await control.hold(queue);
        now.add(queue);
        log.warn({ queue }, "queue held");
      }
      for (const queue of [...now].filter((name) => !wanted.includes(name))) {
        await control.release(queue);
        now.delete(queue);
        log.info({ queue }, "queue released");
      }
      for (const queue of now) held.set(queue, Date.now());
      outage.over();
    } catch (error) {
      for (const queue of now) held.set(queue, Date.now());
      outage.failed(error);
    }
  };
  let looking = look();
  const timer = setInterval(() => {
    looking = looking.then(look);
  }, LOOK_MS);
  return {
    lastHeld: (queue) => held.get(queue) ?? 0,
    stop: async () => {
      clearInterval(timer);
      await looking;
    },
  };
}
