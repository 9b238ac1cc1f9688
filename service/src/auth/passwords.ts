import { randomBytes, type ScryptOptions, scrypt, timingSafeEqual } from "node:crypto";
import { BulkheadRejectedError, bulkhead } from "cockatiel";
import { Problem } from "../errors/problem.ts";

/** OWASP's scrypt setting with the least memory per check: 16 MiB, since several run at once in a small pod. */
const COST = { N: 2 ** 14, r: 8, p: 5 };
const KEY_BYTES = 32;
const SALT_BYTES = 16;
/**
 * Hashes at work at once in this process. Each holds one of libuv's four threads for a fifth of a second, and look-ups of
 * names and files need the others.
 */
export const AT_ONCE = 2;
/** Hashes that wait for their turn: a second of them, since a person waits for the answer. */
export const WAITING = 8;
const turns = bulkhead(AT_ONCE, WAITING);

/** `scrypt$N$r$p$salt$key`: each hash says how it was made. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(SALT_BYTES);
  const key = await derive(password, salt, COST);
  return ["scrypt", COST.N, COST.r, COST.p, salt.toString("base64url"), key.toString("base64url")].join("$");
}

export async function verifyPassword(password: string, hash: string): Promise<boolean> {
  const [, N, r, p, salt = "", key = ""] = hash.split("$");
  const known = Buffer.from(key, "base64url");
  const cost = { N: Number(N), r: Number(r), p: Number(p) };
  const tried = await derive(password, Buffer.from(salt, "base64url"), cost);
  return known.length === tried.length && timingSafeEqual(known, tried);
}

/** Takes as long as a real check, so that the time does not tell whether an account exists. */
export async function verifyNobody(password: string): Promise<false> {
  await derive(password, randomBytes(SALT_BYTES), COST);
  return false;
}

/** Throws the Problem "overloaded" where too many wait. */
async function derive(password: string, salt: Buffer, cost: ScryptOptions): Promise<Buffer> {
  try {
    return await turns.execute(() => compute(password, salt, cost));
  } catch (cause) {
    if (!(cause instanceof BulkheadRejectedError)) throw cause;
    throw new Problem("overloaded", { headers: { "Retry-After": "2" }, cause });
  }
}

function compute(password: string, salt: Buffer, cost: ScryptOptions): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    // The same characters can be typed as different code points.
    scrypt(password.normalize("NFKC"), salt, KEY_BYTES, cost, (error, key) => (error ? reject(error) : resolve(key)));
  });
}
