import { createHash, randomBytes } from "node:crypto";
import type { Redis } from "ioredis";
import type { Policy } from "../../resilience/policy.ts";
import { surely } from "./surely.ts";

/** How long a token is good. */
export const RESET_MINUTES = 30;
/** Between two mails to one account: a stranger who asks again and again does not fill its mailbox. */
const PAUSE_SECONDS = 120;

/** Tokens by which the reader of an account's mail sets a new password. An account has one at a time, good once. */
export interface PasswordResets {
  /** Undefined where one was made moments ago. */
  open(userId: string): Promise<string | undefined>;
  /** Whose token it is; undefined where it is not valid, or not any more. */
  ownerOf(token: string): Promise<string | undefined>;
  /** Uses it up; false where another call was first. */
  take(token: string): Promise<boolean>;
}

const TAKE = `
if redis.call("GET", KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call("DEL", KEYS[1])`;

export function createPasswordResets(redis: Redis, policy: Policy): PasswordResets {
  return {
    async open(userId) {
      const first = await surely(policy, () =>
        redis.set(`password-reset-sent:${userId}`, "1", "EX", PAUSE_SECONDS, "NX"),
      );
      if (first === null) return undefined;
      const secret = randomBytes(32).toString("base64url");
      await surely(policy, () => redis.set(keyOf(userId), hash(secret), "EX", RESET_MINUTES * 60));
      return `${userId}.${secret}`;
    },
    async ownerOf(token) {
      const [userId, secret] = split(token);
      return (await surely(policy, () => redis.get(keyOf(userId)))) === hash(secret) ? userId : undefined;
    },
    async take(token) {
      const [userId, secret] = split(token);
      return (await surely(policy, () => redis.eval(TAKE, 1, keyOf(userId), hash(secret)))) === 1;
    },
  };
}

function split(token: string): [userId: string, secret: string] {
  const [userId = "", secret = ""] = token.split(".");
  return [userId, secret];
}

const keyOf = (userId: string) => `password-reset:${userId}`;
/** Redis has hashes: what is read there resets nothing. The secret has 256 random bits, so that one round is enough. */
const hash = (secret: string) => createHash("sha256").update(secret).digest("base64url");
