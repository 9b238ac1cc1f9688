import { createHmac, hkdfSync, timingSafeEqual } from "node:crypto";
import { z } from "zod";
import { ROLES } from "./roles.ts";

/** How long an access token is good for, and so how long at most a revoked one lives while Redis is away. */
export const ACCESS_SECONDS = 900;

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
  return {
    sign(about) {
      const text = `${HEADER}.${encode({ ...about, exp: Math.floor(now() / 1_000) + ACCESS_SECONDS })}`;
      return `${text}.${sign(text).toString("base64url")}`;
    },
    verify(token) {
      const [header, payload = "", signature = ""] = token.split(".");
      const given = Buffer.from(signature, "base64url");
      const right = sign(`${header}.${payload}`);
      // Ours is the only header there is: nobody gets to choose another algorithm.
      if (header !== HEADER || given.length !== right.length || !timingSafeEqual(given, right)) return "forged";
      const parsed = claims.safeParse(decode(payload));
      if (!parsed.success) return "forged";
      return parsed.data.exp * 1_000 > now() ? { claims: parsed.data } : "expired";
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
