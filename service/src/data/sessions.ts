import { createHash, randomBytes } from "node:crypto";
import type { Redis } from "ioredis";
import { Problem } from "../errors/problem.ts";
import type { Guard } from "../recovery/guard.ts";

const SESSION_SECONDS = 30 * 24 * 3_600;

/** A new session, or one whose refresh token was changed. */
export interface Session {
  id: string;
  userId: string;
  refreshToken: string;
}

/** Sessions in the state Redis. A refresh token is good once: seen again, it was stolen, and the session ends. */
export interface Sessions {
  open(userId: string): Promise<Session>;
  rotate(refreshToken: string): Promise<Session>;
  /** Undefined when Redis cannot say. For whoever stays connected: a call asks it at the door (door.ts). */
  isOpen(id: string): Promise<boolean | undefined>;
  close(id: string): Promise<void>;
  closeAllOf(userId: string): Promise<void>;
}

const OPEN = `
redis.call("HSET", KEYS[1], "user", ARGV[1], "secret", ARGV[2])
redis.call("EXPIRE", KEYS[1], ARGV[3])
redis.call("SADD", KEYS[2], ARGV[4])
redis.call("EXPIRE", KEYS[2], ARGV[3])
return 1`;

const ROTATE = `
local known = redis.call("HGET", KEYS[1], "secret")
if not known then return false end
if known ~= ARGV[1] then
  redis.call("DEL", KEYS[1])
  return false
end
redis.call("HSET", KEYS[1], "secret", ARGV[2])
redis.call("EXPIRE", KEYS[1], ARGV[3])
return redis.call("HGET", KEYS[1], "user")`;

export function createSessions(redis: Redis, guard: Guard): Sessions {
  /** Unlike the rate limit, a session cannot be made up while Redis is away. */
  const surely = <T>(work: () => Promise<T>): Promise<T> =>
    guard.once(work).catch((cause: unknown) => {
      throw new Problem("sessions-unavailable", { headers: { "Retry-After": "2" }, cause });
    });
  return {
    async open(userId) {
      const [id, secret] = [random(16), random(32)];
      const keys = [sessionKey(id), keyOfAll(userId)] as const;
      await surely(() => redis.eval(OPEN, 2, ...keys, userId, hash(secret), SESSION_SECONDS, id));
      return { id, userId, refreshToken: `${id}.${secret}` };
    },
    async rotate(refreshToken) {
      const [id = "", secret = ""] = refreshToken.split(".");
      const next = random(32);
      const userId = await surely(() =>
        redis.eval(ROTATE, 1, sessionKey(id), hash(secret), hash(next), SESSION_SECONDS),
      );
      if (typeof userId !== "string") throw new Problem("session-ended");
      return { id, userId, refreshToken: `${id}.${next}` };
    },
    isOpen: (id) =>
      guard
        .once(() => redis.exists(sessionKey(id)))
        .then(
          (found) => found === 1,
          () => undefined,
        ),
    async close(id) {
      await surely(() => redis.del(sessionKey(id)));
    },
    async closeAllOf(userId) {
      const ids = await surely(() => redis.smembers(keyOfAll(userId)));
      await surely(() => redis.del(keyOfAll(userId), ...ids.map(sessionKey)));
    },
  };
}

/** Exists while the session is open. */
export const sessionKey = (id: string) => `session:${id}`;
const keyOfAll = (userId: string) => `sessions-of:${userId}`;
const random = (bytes: number) => randomBytes(bytes).toString("base64url");
const hash = (secret: string) => createHash("sha256").update(secret).digest("base64url");
