import type { Redis } from "ioredis";
import type { Guard } from "../recovery/guard.ts";

/** Longer than any replica that still serves lists may lag (see replica.ts). */
const SECONDS = 60;

/**
 * Up to which position of the write-ahead log a user's own writes reach: a replica that has not come that far must not
 * answer them. In the state Redis, since the next request may reach another process, and not in a cookie, since clients
 * without a browser would lose it.
 */
export interface Written {
  /** To be called before the write is answered. A failure is no error: the marks of this process stay. */
  mark(userId: string, position: string | undefined): Promise<void>;
  /** What was marked here while Redis could not be told. */
  recall(userId: string): string | undefined;
}

export const writtenKey = (userId: string) => `written:${userId}`;

export function createWritten(redis: Redis, guard: Guard, now = Date.now): Written {
  const untold = new Map<string, { position: string; until: number }>();
  return {
    async mark(userId, position) {
      if (position === undefined) return;
      try {
        await guard.once(() => redis.set(writtenKey(userId), position, "EX", SECONDS));
      } catch {
        forgetOld(untold, now());
        untold.delete(userId);
        untold.set(userId, { position, until: now() + SECONDS * 1_000 });
      }
    },
    recall(userId) {
      if (untold.size === 0) return undefined;
      forgetOld(untold, now());
      return untold.get(userId)?.position;
    },
  };
}

/** The oldest come first: a Map keeps the order in which keys came. */
function forgetOld(marks: Map<string, { until: number }>, now: number): void {
  for (const [userId, { until }] of marks) {
    if (until > now) return;
    marks.delete(userId);
  }
}
