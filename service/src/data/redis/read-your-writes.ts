import type { Redis } from "ioredis";
import type { Guard } from "../../resilience/policy.ts";
import { laterOf } from "../postgres/lsn.ts";

/** Longer than any replica that still serves lists may lag (see replica.ts). */
const SECONDS = 60;

/**
 * Keeps the greater of two positions, compared as numbers (see position.ts), for the whole time again: marks can come
 * in another order than their writes, and of two processes at once.
 */
const MARK = `
local function halves(position)
  local high, low = string.match(position or "", "^(%x+)/(%x+)$")
  return tonumber(high or "0", 16), tonumber(low or "0", 16)
end
local known = redis.call("GET", KEYS[1])
local high, low = halves(ARGV[1])
local knownHigh, knownLow = halves(known)
local position = ARGV[1]
if knownHigh > high or (knownHigh == high and knownLow > low) then position = known end
redis.call("SET", KEYS[1], position, "EX", ARGV[2])
return position`;

/**
 * Up to which position of the write-ahead log a user's own writes reach: a replica that has not come that far must not
 * answer them. In the state Redis, since the next request may reach another process, and not in a cookie, since clients
 * without a browser would lose it.
 */
export interface Written {
  /** To be called before the write is answered. A failure is no error: the marks of this process stay. */
  mark(userId: string, position: string | undefined): Promise<void>;
  /**
   * What Redis said (null: nothing), or what was marked here while it could not be told, if that is later. Undefined
   * where Redis does not say: nobody knows what other processes wrote.
   */
  recall(userId: string, told: string | null | undefined): string | null | undefined;
}

export const writtenKey = (userId: string) => `written:${userId}`;

export function createWritten(redis: Redis, guard: Guard, now = Date.now): Written {
  const untold = new Map<string, { position: string; until: number }>();
  return {
    async mark(userId, position) {
      if (position === undefined) return;
      try {
        await guard.once(() => redis.eval(MARK, 1, writtenKey(userId), position, SECONDS));
        // Not one that is later: it may have failed while this one was under way.
        if (laterOf(position, untold.get(userId)?.position) === position) untold.delete(userId);
      } catch {
        forgetOld(untold, now());
        const latest = laterOf(position, untold.get(userId)?.position) ?? position;
        untold.delete(userId);
        untold.set(userId, { position: latest, until: now() + SECONDS * 1_000 });
      }
    },
    recall(userId, told) {
      if (untold.size === 0 || told === undefined) return told;
      forgetOld(untold, now());
      return laterOf(told, untold.get(userId)?.position);
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
