import { createHash, timingSafeEqual } from "node:crypto";
import { json, type Request, type RequestHandler } from "express";
import type { RateLimit } from "../data/rate-limit.ts";
import { Problem } from "../errors/problem.ts";

/** The user that the dev token stands for. Real users come with sign-in. */
const DEV_USER = "dev";
const MAX_BODY = "16kb";

/** Who calls. */
export interface Identity {
  id: string;
}

/** Lets only a known token through; leaves the identity and the token in `res.locals`. */
export function authenticate(devToken: string | undefined): RequestHandler {
  return (req, res, next) => {
    const token = /^Bearer (\S+)$/i.exec(req.get("authorization") ?? "")?.[1];
    if (!token || !devToken || !same(token, devToken)) {
      throw new Problem("unauthenticated", { headers: { "WWW-Authenticate": 'Bearer realm="media"' } });
    }
    res.locals.identity = { id: DEV_USER } satisfies Identity;
    res.locals.token = token;
    next();
  };
}

/** Compares hashes, which have one length: neither the time taken nor an error tells how much of a guess was right. */
function same(left: string, right: string): boolean {
  const hash = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(hash(left), hash(right));
}

export function limitRate(limit: RateLimit): RequestHandler {
  return async (_req, res, next) => {
    const waitSeconds = await limit(res.locals.token as string);
    if (waitSeconds > 0) throw new Problem("rate-limited", { headers: { "Retry-After": String(waitSeconds) } });
    next();
  };
}

const JSON_TYPE = /^application\/json\s*(;|$)/i;
const RAW = Symbol("raw body");
const parseJson = json({
  limit: MAX_BODY,
  type: () => true,
  verify: (req, _res, bytes) => Object.assign(req, { [RAW]: bytes }),
});

/** The body's bytes as they came. */
export function rawBody(req: Request): Buffer {
  return (req as Request & { [RAW]?: Buffer })[RAW] ?? Buffer.alloc(0);
}

/** Reads a JSON body; says so when it is something else instead of seeing an empty one. */
export const jsonBody: RequestHandler = (req, res, next) => {
  if (!JSON_TYPE.test(req.get("content-type") ?? "")) throw new Problem("unsupported-media-type");
  parseJson(req, res, next);
};
