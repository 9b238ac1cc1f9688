import { createHash } from "node:crypto";
import { SpanKind } from "@opentelemetry/api";
import type { Metrics } from "../metrics/metrics.ts";
import { inSpan } from "../telemetry.ts";

const WINDOW_SECONDS = 60;

/** Counts in one step: a counter without an end would block its token for good. */
const COUNT = `
local count = redis.call("INCR", KEYS[1])
if count == 1 then redis.call("EXPIRE", KEYS[1], ARGV[1]) end
return count`;

/** The part of a Redis client that is needed here. */
export interface Asking {
  eval(script: string, keys: number, ...args: (string | number)[]): Promise<unknown>;
}

/** Answers 0 when the call is allowed, else the seconds until the next window. */
export type RateLimit = (token: string) => Promise<number>;

/**
 * A fixed window per token, counted in the state Redis for all processes together. When that cannot be asked (or
 * refuses writes for want of a replica) this process counts alone: the limit loosens, the service goes on.
 */
export function createRateLimit(redis: Asking, perMinute: number, metrics: Metrics, now = Date.now): RateLimit {
  const memory = createMemoryCounter();
  return async (token) => {
    const seconds = Math.floor(now() / 1_000);
    const window = Math.floor(seconds / WINDOW_SECONDS);
    const key = `rate:${fingerprint(token)}:${window}`;
    const shared = await count(redis, key).catch(() => undefined);
    const calls = shared ?? memory(key, window);
    const allowed = calls <= perMinute;
    metrics.rateLimit({
      decision: allowed ? "allowed" : "limited",
      store: shared === undefined ? "memory" : "redis",
    });
    return allowed ? 0 : WINDOW_SECONDS - (seconds % WINDOW_SECONDS);
  };
}

function count(redis: Asking, key: string): Promise<number> {
  const options = { kind: SpanKind.CLIENT, attributes: { "db.system.name": "redis" } };
  return inSpan("redis rate limit", options, async () => Number(await redis.eval(COUNT, 1, key, WINDOW_SECONDS * 2)));
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

/** Tokens are secrets: Redis sees a hash. */
function fingerprint(token: string): string {
  return createHash("sha256").update(token).digest("hex").slice(0, 32);
}
