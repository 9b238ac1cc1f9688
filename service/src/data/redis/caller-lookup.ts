import { SpanKind } from "@opentelemetry/api";
import type { Redis } from "ioredis";
import { inSpan } from "../../observability/tracing.ts";
import type { Policy } from "../../resilience/policy.ts";
import { lastWriteKey } from "./read-your-writes.ts";
import { sessionKey } from "./sessions.ts";

/**
 * Counts a call, and reads the caller's session and last write, in one round trip to the state Redis. A counter without an
 * expiry would block its key for good. A counter that cannot be written (too few replicas) must not hide the session.
 */
const LOOK_UP = `
local calls = redis.pcall("INCR", KEYS[1])
if type(calls) == "table" then calls = -1
elseif calls == 1 then redis.call("EXPIRE", KEYS[1], ARGV[1]) end
if not KEYS[2] then return {calls} end
return {calls, redis.call("EXISTS", KEYS[2]), redis.call("GET", KEYS[3])}`;
/** How long a counter is kept; twice as long as it counts. */
const COUNTER_SECONDS = 120;

/** What the state Redis has about a caller. All fields are undefined while it does not answer. */
export interface FoundCaller {
  /** Calls in this window, including this one. */
  calls?: number | undefined;
  sessionOpen?: boolean;
  /** LSN of the caller's last write (see read-your-writes.ts); null where there was none lately. */
  lastWriteLsn?: string | null;
}

/** Counts a call under `rateKey`; with a session, looks up that session and its user too. Never throws. */
export type CallerLookup = (
  rateKey: string,
  session?: { id: string; userId: string },
  counterSeconds?: number,
) => Promise<FoundCaller>;

type Answer = [calls: number, open?: number, lastWriteLsn?: string | null];
type WithCommand = Redis & { lookUpCaller(keys: number, ...args: (string | number)[]): Promise<Answer> };

export function createCallerLookup(redis: Redis, policy: Policy): CallerLookup {
  redis.defineCommand("lookUpCaller", { lua: LOOK_UP });
  const ask = (keys: string[], seconds: number) => (redis as WithCommand).lookUpCaller(keys.length, ...keys, seconds);
  return async (rateKey, session, counterSeconds = COUNTER_SECONDS) => {
    const keys = session ? [rateKey, sessionKey(session.id), lastWriteKey(session.userId)] : [rateKey];
    try {
      const [count, open, lastWriteLsn] = await inSpan("redis rate limit", SPAN, () =>
        policy.once(() => ask(keys, counterSeconds)),
      );
      const calls = count < 0 ? undefined : count;
      return session ? { calls, sessionOpen: open === 1, lastWriteLsn: lastWriteLsn ?? null } : { calls };
    } catch {
      return {};
    }
  };
}

const SPAN = { kind: SpanKind.CLIENT, attributes: { "db.system.name": "redis" } };
