import type { Redis } from "ioredis";
import type { Metrics } from "../../observability/metrics/metrics.ts";
import type { Guard } from "../../resilience/policy.ts";

/** A connection of which nothing was heard for so many upkeeps is gone: its process was killed. One of them may fail. */
const UPKEEPS = 2.5;

/** One connection, as it is counted against those that its user may have. */
export interface Seat {
  userId: string;
  /** The connection's own name. */
  id: string;
  /** Its client's name, the same after a drop (see docs/decisions/0015). */
  client: string;
  /** Of a client that comes back: what it was called. The same as `client`, unless it could not go on. */
  former: string | undefined;
  /** Closes the connection; to a client that still has it, this is a drop. */
  cut(): void;
}

/**
 * How many connections a user has to all api processes together. While Redis does not answer, each process counts its
 * own: nobody is refused because Redis is away, and nobody who was let in meanwhile is sent away afterwards.
 */
export interface Seats {
  /** Takes a seat; false where the user has none left. A client that comes back gets the one it had. */
  take(seat: Seat): Promise<boolean>;
  /** To be called at each upkeep. Cuts a connection whose client has come back by another. Never throws. */
  keep(seat: Seat): Promise<void>;
  leave(seat: Seat): void;
  /** Resolves when Redis knows of all who left. */
  settled(): Promise<void>;
}

/**
 * KEYS[1] has a user's connections by when they run out, KEYS[2] those whose client has come back by another; by Redis'
 * own clock, since those of processes differ. A member is `<client> <connection>`, so that what a client had is found
 * whichever process has it. One that is not there has run out, or Redis has lost it: it is counted again.
 */
const SIT = `
local member, lifeMs, most, former = ARGV[1], ARGV[2], tonumber(ARGV[3]), ARGV[4]
local time = redis.call("TIME")
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local function note(key, member)
  redis.call("ZADD", key, now + lifeMs, member)
  redis.call("PEXPIRE", key, lifeMs)
end
for _, key in ipairs(KEYS) do redis.call("ZREMRANGEBYSCORE", key, "-inf", now) end
if redis.call("ZSCORE", KEYS[2], member) then return 0 end
for _, other in ipairs(former and redis.call("ZRANGE", KEYS[1], 0, -1) or {}) do
  if string.sub(other, 1, #former + 1) == former .. " " then
    redis.call("ZREM", KEYS[1], other)
    note(KEYS[2], other)
  end
end
if redis.call("ZCARD", KEYS[1]) >= most then return 0 end
note(KEYS[1], member)
return 1`;
/** For those who sit already: what was let in while Redis was away is counted too, be it one too many. */
const NO_LIMIT = Number.MAX_SAFE_INTEGER;

interface SeatsOptions {
  /** Connections that one user may have. */
  most: number;
  upkeepSeconds: number;
}

export function createSeats(
  redis: Redis,
  guard: Guard,
  metrics: Metrics,
  { most, upkeepSeconds }: SeatsOptions,
): Seats {
  const lifeMs = Math.round(upkeepSeconds * UPKEEPS * 1_000);
  const here = createSeatsHere();
  const leaving = new Set<Promise<unknown>>();

  /** Undefined where Redis does not answer. */
  const sit = (seat: Seat, limit: number, ...former: string[]) =>
    guard
      .once(() => redis.eval(SIT, 2, ...keysOf(seat), memberOf(seat), lifeMs, limit, ...former))
      .then(
        (answer) => answer === 1,
        () => undefined,
      );
  return {
    async take(seat) {
      if (!here.add(seat, most)) return false;
      const taken = await sit(seat, most, ...(seat.former ? [seat.former] : []));
      if (taken === undefined) metrics.fallback({ dependency: "redis-state", result: "hit" });
      if (taken === false) here.remove(seat);
      return taken !== false;
    },
    async keep(seat) {
      if ((await sit(seat, NO_LIMIT)) === false) seat.cut();
    },
    leave(seat) {
      here.remove(seat);
      const left = guard.once(() => redis.zrem(keysOf(seat)[0], memberOf(seat))).catch(() => {});
      leaving.add(left);
      void left.then(() => leaving.delete(left));
    },
    async settled() {
      await Promise.all(leaving);
    },
  };
}

/** The same of one process, by user and client. */
function createSeatsHere() {
  const users = new Map<string, Map<string, Seat>>();
  const remove = ({ userId, client, id }: Seat) => {
    const mine = users.get(userId);
    // Another may have come in its place.
    if (mine?.get(client)?.id === id) mine.delete(client);
    if (mine?.size === 0) users.delete(userId);
  };
  return {
    add(seat: Seat, most: number): boolean {
      const before = seat.former && users.get(seat.userId)?.get(seat.former);
      if (before) {
        remove(before);
        before.cut();
      }
      const mine = users.get(seat.userId) ?? new Map<string, Seat>();
      if (mine.size >= most) return false;
      users.set(seat.userId, mine.set(seat.client, seat));
      return true;
    },
    remove,
  };
}

const keysOf = ({ userId }: Seat) => [`sockets-of:${userId}`, `sockets-replaced:${userId}`] as const;
const memberOf = ({ client, id }: Seat) => `${client} ${id}`;
