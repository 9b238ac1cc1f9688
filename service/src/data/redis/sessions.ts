import { createHash, randomBytes } from "node:crypto";
import type { Redis } from "ioredis";
import { Problem } from "../../errors/problem.ts";
import type { Policy } from "../../resilience/policy.ts";
import { surely } from "./surely.ts";

const SESSION_SECONDS = 30 * 24 * 3_600;
/** Open at once for one user: each login opens one, and the store that holds them never drops any by itself. */
export const MOST_SESSIONS = 100;

/** A new session, or one whose refresh token was changed. */
export interface Session {
  id: string;
  userId: string;
  refreshToken: string;
}

/** So long a refresh token that was used gives the same next one again: its answer was lost, or two tabs refreshed at once. */
export const RETRY_SECONDS = 60;

/** Sessions in the state Redis. A refresh token is good once: seen again later, it was stolen, and the session ends. */
export interface Sessions {
  open(userId: string): Promise<Session>;
  /** Whose session it is; changes nothing, and does not look at the token's secret. Undefined where there is none. */
  ownerOf(refreshToken: string): Promise<string | undefined>;
  rotate(refreshToken: string): Promise<Session>;
  /** Undefined while Redis does not answer. For open sockets: an HTTP call gets it from the caller lookup. */
  isOpen(id: string): Promise<boolean | undefined>;
  close(id: string): Promise<void>;
  closeAllOf(userId: string): Promise<void>;
}

/**
 * A user's sessions are a sorted set by the second in which they run out, so that those which did can be taken out, and
 * its own life is that of the newest. A script makes names of keys by itself where only the session says whose it is:
 * the state Redis is one primary with replicas, no cluster that would have to know them before.
 */
const LIST = `
local function list(all, id, seconds)
  local now = tonumber(redis.call("TIME")[1])
  redis.call("ZREMRANGEBYSCORE", all, "-inf", now)
  redis.call("ZADD", all, now + seconds, id)
  redis.call("EXPIRE", all, seconds)
end`;

/** Above the most, those that were not refreshed for longest end. */
const OPEN = `${LIST}
redis.call("HSET", KEYS[1], "user", ARGV[1], "secret", ARGV[2])
redis.call("EXPIRE", KEYS[1], ARGV[3])
list(KEYS[2], ARGV[4], ARGV[3])
for _, id in ipairs(redis.call("ZRANGE", KEYS[2], 0, -ARGV[5] - 1)) do
  redis.call("DEL", "session:" .. id)
  redis.call("ZREM", KEYS[2], id)
end
return 1`;

const CLOSE = `
local user = redis.call("HGET", KEYS[1], "user")
if user then redis.call("ZREM", "open-sessions:" .. user, ARGV[1]) end
return redis.call("DEL", KEYS[1])`;

/** `sealed` is the next token's secret, which only the one before opens: Redis itself has hashes. */
const ROTATE = `${LIST}
local user, known, previous, sealed, retry = unpack(redis.call("HMGET", KEYS[1], "user", "secret", "previous", "sealed", "retry"))
if not known then return false end
local now = tonumber(redis.call("TIME")[1])
if previous == ARGV[1] and now < tonumber(retry) then return {user, sealed} end
local all = "open-sessions:" .. user
if known ~= ARGV[1] then
  redis.call("DEL", KEYS[1])
  redis.call("ZREM", all, ARGV[4])
  return false
end
redis.call("HSET", KEYS[1], "secret", ARGV[2], "previous", known, "sealed", ARGV[5], "retry", now + ARGV[6])
redis.call("EXPIRE", KEYS[1], ARGV[3])
list(all, ARGV[4], ARGV[3])
return {user, ARGV[5]}`;

/** In one step: a session that is opened meanwhile comes before it, and ends, or after it, and is in the next list. */
const CLOSE_ALL = `
for _, id in ipairs(redis.call("ZRANGE", KEYS[1], 0, -1)) do redis.call("DEL", "session:" .. id) end
return redis.call("DEL", KEYS[1])`;

export function createSessions(redis: Redis, policy: Policy): Sessions {
  return {
    async open(userId) {
      const [id, secret] = [random(16), random(32)];
      const keys = [sessionKey(id), keyOfAll(userId)] as const;
      await surely(policy, () =>
        redis.eval(OPEN, 2, ...keys, userId, hash(secret), SESSION_SECONDS, id, MOST_SESSIONS),
      );
      return { id, userId, refreshToken: `${id}.${secret}` };
    },
    async ownerOf(refreshToken) {
      const [id = ""] = refreshToken.split(".");
      return (await surely(policy, () => redis.hget(sessionKey(id), "user"))) ?? undefined;
    },
    async rotate(refreshToken) {
      const [id = "", secret = ""] = refreshToken.split(".");
      const next = random(32);
      const args = [hash(secret), hash(next), SESSION_SECONDS, id, seal(next, secret), RETRY_SECONDS];
      const found = await surely(policy, () => redis.eval(ROTATE, 1, sessionKey(id), ...args));
      if (!Array.isArray(found)) throw new Problem("session-ended");
      const [userId, sealed] = found as [string, string];
      return { id, userId, refreshToken: `${id}.${seal(sealed, secret)}` };
    },
    isOpen: (id) =>
      policy
        .once(() => redis.exists(sessionKey(id)))
        .then(
          (found) => found === 1,
          () => undefined,
        ),
    async close(id) {
      await surely(policy, () => redis.eval(CLOSE, 1, sessionKey(id), id));
    },
    async closeAllOf(userId) {
      await surely(policy, () => redis.eval(CLOSE_ALL, 1, keyOfAll(userId)));
    },
  };
}

/** Exists while the session is open. */
export const sessionKey = (id: string) => `session:${id}`;
const keyOfAll = (userId: string) => `open-sessions:${userId}`;
const random = (bytes: number) => randomBytes(bytes).toString("base64url");
const hash = (secret: string) => createHash("sha256").update(secret).digest("base64url");

/** XORs a secret with a pad that only `key` gives, which is used for one secret alone; doing it twice opens it again. */
function seal(secret: string, key: string): string {
  const pad = createHash("sha256").update(`next ${key}`).digest();
  const bytes = Buffer.from(secret, "base64url").map((byte, n) => byte ^ (pad[n] as number));
  return Buffer.from(bytes).toString("base64url");
}
