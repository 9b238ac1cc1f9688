import { createHmac, hkdfSync, timingSafeEqual } from "node:crypto";
import { z } from "zod";
import { ROLES } from "../model/roles.ts";

/** How long an access token is good for, and so how long at most a revoked one lives while Redis is away. */
export const ACCESS_SECONDS = 900;

/** Tokens whose signature was found right and that need no second look: about 300 bytes each. */
const KNOWN_TOKENS = 5_000;

const HEADER = encode({ alg: "HS256", typ: "JWT" });

const claims = z.object({ sub: z.string(), role: z.enum(ROLES), sid: z.string(), exp: z.int() });
export type Claims = z.infer<typeof claims>;

export type Verdict = { claims: Claims } | "expired" | "forged";

/** Signed access tokens: JWTs (RFC 7519) with the one algorithm that this service writes and accepts. */
export interface Tokens {
  sign(about: Omit<Claims, "exp">): string;
  verify(token: string): Verdict;
}

export function createTokens(secret: string, now = Date.now): Tokens {
  const key = Buffer.from(hkdfSync("sha256", secret, "", "media access tokens", 32));
  const sign = (text: string) => createHmac("sha256", key).update(text).digest();
  const known = createRecent<Claims>(KNOWN_TOKENS);
  const check = (token: string): Claims | undefined => {
    const [header, payload = "", signature = ""] = token.split(".");
    const given = Buffer.from(signature, "base64url");
    const right = sign(`${header}.${payload}`);
    // Only our own header is accepted: a caller cannot choose another algorithm.
    if (header !== HEADER || given.length !== right.length || !timingSafeEqual(given, right)) return undefined;
    return claims.safeParse(decode(payload)).data;
  };
  return {
    sign(about) {
      const text = `${HEADER}.${encode({ ...about, exp: Math.floor(now() / 1_000) + ACCESS_SECONDS })}`;
      return `${text}.${sign(text).toString("base64url")}`;
    },
    verify(token) {
      const found = known.get(token) ?? check(token);
      if (!found) return "forged";
      known.set(token, found);
      return found.exp * 1_000 > now() ? { claims: found } : "expired";
    },
  };
}

/** Remembers at least the last `size` keys that were used, and at most twice as many. */
function createRecent<T>(size: number) {
  let young = new Map<string, T>();
  let old = new Map<string, T>();
  return {
    get: (key: string) => young.get(key) ?? old.get(key),
    set(key: string, value: T) {
      if (young.has(key)) return;
      if (young.size >= size) [old, young] = [young, new Map()];
      young.set(key, value);
    },
  };
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}

function decode(part: string): unknown {
  try {
    return JSON.parse(Buffer.from(part, "base64url").toString());
  } catch {
    return undefined;
  }
}
