import { createSecretKey, hkdfSync, type KeyObject } from "node:crypto";
import { errors, jwtVerify, SignJWT } from "jose";
import { z } from "zod";
import { ROLES } from "../model/roles.ts";
import { secretsIn } from "./known-secrets.ts";

/** Lifetime of an access token; so long at most a revoked one is accepted while Redis is away. */
export const ACCESS_SECONDS = 900;
/** How long a person stays signed in to the pages of operations, a day's work. */
export const PAGES_SECONDS = 8 * 3_600;
const ALGORITHM = "HS256";
/** Tokens that were verified and whose signature need not be computed again: about 300 bytes each. */
const KNOWN_TOKENS = 5_000;
/** Characters. Ours have about 300. */
const MAX_TOKEN = 1_024;
/** Three parts; the signature of 32 bytes in its one canonical form, so that a token cannot be respelled. */
const FORM = /^[\w-]+\.[\w-]+\.[\w-]{42}[AEIMQUYcgkosw048]$/;

const claims = z.object({ sub: z.string(), role: z.enum(ROLES), sid: z.string(), exp: z.int() });
export type Claims = z.infer<typeof claims>;
export type Verdict = { claims: Claims } | "expired" | "forged";

/** What a token is for: a key of its own, so that no other place accepts it, and its life in seconds. */
export const PURPOSES = {
  api: { info: "media access tokens", seconds: ACCESS_SECONDS },
  /** In the cookie of the operators' pages. */
  pages: { info: "media operators' pages", seconds: PAGES_SECONDS },
} as const;

/** Signed access tokens: JWTs (RFC 7519) with the one algorithm that this service writes and accepts. */
export interface Tokens {
  sign(about: Omit<Claims, "exp">): Promise<string>;
  verify(token: string): Promise<Verdict>;
}

/** `file`: what the file of the key holds. The first key in it signs; a second one, before or after it, is accepted too. */
export function createTokens(file: string, now = Date.now, purpose: keyof typeof PURPOSES = "api"): Tokens {
  const [first = "", ...others] = secretsIn(file);
  const { info, seconds } = PURPOSES[purpose];
  const key = keyOf(first, info);
  const accepted = [key, ...others.map((other) => keyOf(other, info))];
  const known = createRecent<Claims>(KNOWN_TOKENS);

  const check = async (token: string): Promise<Verdict> => {
    if (token.length > MAX_TOKEN || !FORM.test(token)) return "forged";
    for (const one of accepted) {
      const verdict = await checkWith(one, token);
      if (verdict !== "forged") return verdict;
    }
    return "forged";
  };
  const checkWith = async (one: KeyObject, token: string): Promise<Verdict> => {
    try {
      const { payload } = await jwtVerify(token, one, { algorithms: [ALGORITHM], currentDate: new Date(now()) });
      const { data } = claims.safeParse(payload);
      if (!data) return "forged";
      known.set(token, data);
      return { claims: data };
    } catch (error) {
      return error instanceof errors.JWTExpired ? "expired" : "forged";
    }
  };
  return {
    sign: ({ sub, ...rest }) =>
      new SignJWT(rest)
        .setProtectedHeader({ alg: ALGORITHM, typ: "JWT" })
        .setSubject(sub)
        .setExpirationTime(Math.floor(now() / 1_000) + seconds)
        .sign(key),
    async verify(token) {
      const found = known.get(token);
      if (!found) return check(token);
      return found.exp * 1_000 > now() ? { claims: found } : "expired";
    },
  };
}

function keyOf(secret: string, info: string): KeyObject {
  return createSecretKey(Buffer.from(hkdfSync("sha256", secret, "", info, 32)));
}

/** Remembers at least the last `size` keys that were used, and at most twice as many. */
function createRecent<T>(size: number) {
  let young = new Map<string, T>();
  let old = new Map<string, T>();
  const set = (key: string, value: T) => {
    if (young.size >= size) [old, young] = [young, new Map()];
    young.set(key, value);
  };
  return {
    set,
    get(key: string): T | undefined {
      const value = young.get(key);
      if (value) return value;
      const older = old.get(key);
      if (older) set(key, older);
      return older;
    },
  };
}
