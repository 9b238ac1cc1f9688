import type { Redis } from "ioredis";
import type { Policy } from "../../resilience/policy.ts";
import { laterLsn } from "../postgres/lsn.ts";

/** Longer than a replica that still serves lists may lag (see replica.ts). */
const SECONDS = 60;

/**
 * Keeps the greater of two LSNs, compared as numbers (see lsn.ts), and renews its lifetime: marks can arrive in another
 * order than their writes, and from two processes at once.
 */
const MARK = `
local function halves(lsn)
  local high, low = string.match(lsn or "", "^(%x+)/(%x+)$")
  return tonumber(high or "0", 16), tonumber(low or "0", 16)
end
local known = redis.call("GET", KEYS[1])
local high, low = halves(ARGV[1])
local knownHigh, knownLow = halves(known)
local lsn = ARGV[1]
if knownHigh > high or (knownHigh == high and knownLow > low) then lsn = known end
redis.call("SET", KEYS[1], lsn, "EX", ARGV[2])
return lsn`;

/**
 * The LSN of each user's last write: a replica that has not replayed it must not serve that user. Kept in the state Redis,
 * since the next request may reach another process, and not in a cookie, which clients other than browsers would lose.
 */
export interface ReadYourWrites {
  /** Call it before the write is answered. It never throws: while Redis is away the mark stays in this process. */
  mark(userId: string, lsn: string | undefined): Promise<void>;
  /**
   * The later of what Redis has (null: nothing) and what this process could not store there. Undefined where Redis did not
   * answer: then the writes of other processes are unknown.
   */
  recall(userId: string, stored: string | null | undefined): string | null | undefined;
}

export const lastWriteKey = (userId: string) => `written:${userId}`;

export function createReadYourWrites(redis: Redis, policy: Policy, now = Date.now): ReadYourWrites {
  const unstored = new Map<string, { lsn: string; until: number }>();
  return {
    async mark(userId, lsn) {
      if (lsn === undefined) return;
      try {
        await policy.once(() => redis.eval(MARK, 1, lastWriteKey(userId), lsn, SECONDS));
        // A later one stays: it may have failed while this one was being stored.
        if (laterLsn(lsn, unstored.get(userId)?.lsn) === lsn) unstored.delete(userId);
      } catch {
        forgetOld(unstored, now());
        const latest = laterLsn(lsn, unstored.get(userId)?.lsn) ?? lsn;
        unstored.delete(userId);
        unstored.set(userId, { lsn: latest, until: now() + SECONDS * 1_000 });
      }
    },
    recall(userId, stored) {
      if (unstored.size === 0 || stored === undefined) return stored;
      forgetOld(unstored, now());
      return laterLsn(stored, unstored.get(userId)?.lsn);
    },
  };
}

/** The oldest marks come first: a Map keeps the order in which keys were set. */
function forgetOld(marks: Map<string, { until: number }>, now: number): void {
  for (const [userId, { until }] of marks) {
    if (until > now) return;
    marks.delete(userId);
  }
}
