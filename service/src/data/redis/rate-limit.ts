import { createHash } from "node:crypto";
import { Problem } from "../../errors/problem.ts";
import type { Metrics } from "../../observability/metrics/metrics.ts";
import type { CallerLookup } from "./caller-lookup.ts";

const MINUTE = 60;
export const HOUR = 3_600;

/** What one key has left. */
export interface Quota {
  limit: number;
  /** Calls that are still allowed before the window ends. */
  remaining: number;
  /** Seconds until the next window. */
  resetSeconds: number;
  /** This call was one too many. */
  exceeded: boolean;
}

export type RateLimit = (key: string) => Promise<Quota>;

/** Counts the calls of a minute, or of another span, against a limit. The count itself comes from elsewhere. */
export interface Window {
  /** Where the key's calls of this span are counted. */
  keyOf(key: string): string;
  /** `shared`: the count that Redis gave; undefined where it could not, then this process counts alone. */
  judge(redisKey: string, shared: number | undefined): Quota;
}

type Counted = Pick<Metrics, "rateLimit">;

/**
 * A fixed window per key, counted in the state Redis for all processes together. When that cannot be asked (or
 * refuses writes for want of a replica) this process counts alone: the limit loosens, the service goes on.
 */
export function createWindow(most: number, metrics: Counted, now = Date.now, seconds = MINUTE): Window {
  const memory = createMemoryCounter();
  const windowOf = () => Math.floor(now() / 1_000 / seconds);
  return {
    keyOf: (key) => `rate:${key}:${windowOf()}`,
    judge(redisKey, shared) {
      const calls = shared ?? memory(redisKey, windowOf());
      const exceeded = calls > most;
      metrics.rateLimit(DECISIONS[exceeded ? "limited" : "allowed"][shared === undefined ? "memory" : "redis"]);
      const resetSeconds = seconds - (Math.floor(now() / 1_000) % seconds);
      return { limit: most, remaining: Math.max(0, most - calls), resetSeconds, exceeded };
    },
  };
}

const DECISIONS = {
  allowed: { memory: { decision: "allowed", store: "memory" }, redis: { decision: "allowed", store: "redis" } },
  limited: { memory: { decision: "limited", store: "memory" }, redis: { decision: "limited", store: "redis" } },
} as const;

/** A limit with nothing else to ask at the lookup. Its keys are addresses of people: Redis sees a hash. */
export function createRateLimit(
  lookup: CallerLookup,
  most: number,
  metrics: Counted,
  now = Date.now,
  seconds = MINUTE,
): RateLimit {
  const window = createWindow(most, metrics, now, seconds);
  return async (key) => {
    const redisKey = window.keyOf(fingerprint(key));
    return window.judge(redisKey, (await lookup(redisKey, undefined, 2 * seconds)).calls);
  };
}

/** Throws a Problem where the call was one too many. */
export function refuseExceeded({ exceeded, resetSeconds }: Quota): void {
  if (exceeded) throw new Problem("rate-limited", { headers: { "Retry-After": String(resetSeconds) } });
}

/** The header fields of draft-ietf-httpapi-ratelimit-headers-09 for a limit per minute: the policy, and what is left of it. */
export function quotaFields({ limit, remaining, resetSeconds }: Quota): string[] {
  const policy = `"minute";q=${limit};w=${MINUTE}`;
  return ["RateLimit-Policy", policy, "RateLimit", `"minute";r=${remaining};t=${resetSeconds}`];
}

/** Holds one window's counters only, so it cannot grow without bound. */
function createMemoryCounter(): (key: string, window: number) => number {
  let current = -1;
  const counts = new Map<string, number>();
  return (key, window) => {
    if (window !== current) counts.clear();
    current = window;
    const count = (counts.get(key) ?? 0) + 1;
    counts.set(key, count);
    return count;
  };
}

/** What stands for a secret, or for a person's address, where it must not be read: 132 bits of its hash. */
export function fingerprint(key: string): string {
  return createHash("sha256").update(key).digest("base64url").slice(0, 22);
}
