import type { Redis } from "ioredis";
import type { Metrics } from "../../observability/metrics/metrics.ts";
import type { Policy } from "../../resilience/policy.ts";

/** A connection of which nothing was heard for so many upkeeps is gone: its process was killed. One of them may fail. */
const UPKEEPS = 2.5;

/** One connection, as it is counted against those that its user may have. */
export interface ConnectionSlot {
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
 * own: no connection is refused because Redis is away, and none that was accepted meanwhile is closed afterwards.
 */
export interface ConnectionSlots {
  /** Takes a slot; false where the user has none left. A client that comes back gets the one it had. */
  acquire(slot: ConnectionSlot): Promise<boolean>;
  /** To be called at each upkeep. Cuts a connection whose client has come back by another. Never throws. */
  renew(slot: ConnectionSlot): Promise<void>;
  release(slot: ConnectionSlot): void;
  /** Resolves when Redis knows of all who left. */
  settled(): Promise<void>;
}

/**
 * KEYS[1] has a user's connections by when they run out, KEYS[2] those whose client has come back by another; by Redis'
 * own clock, since those of processes differ. A member is `<client> <connection>`, so that what a client had is found
 * whichever process has it. One that is not there has run out, or Redis has lost it: it is counted again.
 */
const ACQUIRE = `
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
/** For connections that are open already: those accepted while Redis was away are counted too, even past the limit. */
const NO_LIMIT = Number.MAX_SAFE_INTEGER;

interface SlotOptions {
  /** Connections that one user may have. */
  most: number;
  upkeepSeconds: number;
}

export function createConnectionSlots(
  redis: Redis,
  policy: Policy,
  metrics: Metrics,
  { most, upkeepSeconds }: SlotOptions,
): ConnectionSlots {
  const lifeMs = Math.round(upkeepSeconds * UPKEEPS * 1_000);
  const local = createLocalSlots();
  const releasing = new Set<Promise<unknown>>();

  /** Undefined where Redis does not answer. */
  const acquireIn = (slot: ConnectionSlot, limit: number, ...former: string[]) =>
    policy
      .once(() => redis.eval(ACQUIRE, 2, ...keysOf(slot), memberOf(slot), lifeMs, limit, ...former))
      .then(
        (answer) => answer === 1,
        () => undefined,
      );
  return {
    async acquire(slot) {
      if (!local.add(slot, most)) return false;
      const acquired = await acquireIn(slot, most, ...(slot.former ? [slot.former] : []));
      if (acquired === undefined) metrics.fallback({ dependency: "redis-state", result: "hit" });
      if (acquired === false) local.remove(slot);
      return acquired !== false;
    },
    async renew(slot) {
      if ((await acquireIn(slot, NO_LIMIT)) === false) slot.cut();
    },
    release(slot) {
      local.remove(slot);
      const released = policy.once(() => redis.zrem(keysOf(slot)[0], memberOf(slot))).catch(() => {});
      releasing.add(released);
      void released.then(() => releasing.delete(released));
    },
    async settled() {
      await Promise.all(releasing);
    },
  };
}

/** The same of one process, by user and client. */
function createLocalSlots() {
  const users = new Map<string, Map<string, ConnectionSlot>>();
  const remove = ({ userId, client, id }: ConnectionSlot) => {
    const mine = users.get(userId);
    // Another may have come in its place.
    if (mine?.get(client)?.id === id) mine.delete(client);
    if (mine?.size === 0) users.delete(userId);
  };
  return {
    add(slot: ConnectionSlot, most: number): boolean {
      const before = slot.former && users.get(slot.userId)?.get(slot.former);
      if (before) {
        remove(before);
        before.cut();
      }
      const mine = users.get(slot.userId) ?? new Map<string, ConnectionSlot>();
      if (mine.size >= most) return false;
      users.set(slot.userId, mine.set(slot.client, slot));
      return true;
    },
    remove,
  };
}

const keysOf = ({ userId }: ConnectionSlot) => [`sockets-of:${userId}`, `sockets-replaced:${userId}`] as const;
const memberOf = ({ client, id }: ConnectionSlot) => `${client} ${id}`;
