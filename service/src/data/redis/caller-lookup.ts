import { SpanKind } from "@opentelemetry/api";
import type { Redis } from "ioredis";
import { inSpan } from "../../observability/tracing.ts";
import type { Guard } from "../../resilience/policy.ts";
import { writtenKey } from "./read-your-writes.ts";
import { sessionKey } from "./sessions.ts";

/**
 * All that the door wants of the state Redis, in one step and one trip. A counter without an end would block its key
 * for good; one that cannot be counted for want of a replica must not hide whether the session is open.
 */
const ASK = `
local calls = redis.pcall("INCR", KEYS[1])
if type(calls) == "table" then calls = -1
elseif calls == 1 then redis.call("EXPIRE", KEYS[1], ARGV[1]) end
if not KEYS[2] then return {calls} end
return {calls, redis.call("EXISTS", KEYS[2]), redis.call("GET", KEYS[3])}`;

const COUNTER_SECONDS = 120;

/** What the state Redis knows of a caller. Undefined, all of it, while it does not answer. */
export interface Asked {
  /** Calls in this window, this one among them. */
  calls?: number | undefined;
  sessionOpen?: boolean;
  /** Up to where the caller's own writes reach (see written.ts); null where they wrote nothing lately. */
  written?: string | null;
}

/** Counts a call under `rateKey`; asks about the session and its user too where there is one. Never throws. */
export type Door = (rateKey: string, session?: { id: string; userId: string }) => Promise<Asked>;

type Answer = [calls: number, open?: number, written?: string | null];
type Asking = Redis & { askDoor(keys: number, ...args: (string | number)[]): Promise<Answer> };

export function createDoor(redis: Redis, guard: Guard): Door {
  redis.defineCommand("askDoor", { lua: ASK });
  const ask = (keys: string[]) => (redis as Asking).askDoor(keys.length, ...keys, COUNTER_SECONDS);
  return async (rateKey, session) => {
    const keys = session ? [rateKey, sessionKey(session.id), writtenKey(session.userId)] : [rateKey];
    try {
      const [calls, open, written] = await inSpan("redis rate limit", SPAN, () => guard.once(() => ask(keys)));
      const counted = calls < 0 ? undefined : calls;
      return session ? { calls: counted, sessionOpen: open === 1, written: written ?? null } : { calls: counted };
    } catch {
      return {};
    }
  };
}

const SPAN = { kind: SpanKind.CLIENT, attributes: { "db.system.name": "redis" } };
