import { createHash, timingSafeEqual } from "node:crypto";
import { json, type Request, type RequestHandler, type Response } from "express";
import type { Identity } from "../accounts/roles.ts";
import type { Tokens } from "../accounts/tokens.ts";
import type { Activity } from "../activity.ts";
import type { RateLimit } from "../data/rate-limit.ts";
import type { Sessions } from "../data/sessions.ts";
import type { ProblemCode } from "../errors/catalogue.ts";
import { Problem } from "../errors/problem.ts";

export const MAX_BODY = "16kb";

export interface GuardDeps {
  /** Bearer token that stands for the user "dev"; without it no token does. */
  devToken: string | undefined;
  tokens: Tokens;
  sessions: Sessions;
  rateLimit: RateLimit;
  visitorLimit: RateLimit;
  /** Counts beacons apart from the rest: pages that report must not use up the tries to sign in. */
  beaconLimit: RateLimit;
  activity: Activity;
}

/** Lets only a known token through, and not too often; leaves the identity in `res.locals`. */
export function admitUser({ devToken, tokens, sessions, rateLimit, activity }: GuardDeps): RequestHandler {
  return async (req, res, next) => {
    const token = /^Bearer (\S+)$/i.exec(req.get("authorization") ?? "")?.[1];
    if (!token) throw turnAway("unauthenticated");
    const identity = identityFor({ devToken, tokens }, token);
    // Written in one go, these are one trip to Redis. Without Redis a signed token is believed until it runs out.
    const isOpen = identity.sessionId === undefined ? true : sessions.isOpen(identity.sessionId);
    const [open, waitSeconds] = await Promise.all([isOpen, rateLimit(identity.limitKey)]);
    if (open === false) throw turnAway("session-ended");
    refuse(waitSeconds);
    if (identity.sessionId !== undefined) activity.account(identity.id);
    identityOf.set(res, identity);
    next();
  };
}

/** Counts whoever has no token yet by address, under a count of its own. */
export function admitVisitor(count: "address" | "beacon", limit: RateLimit, activity: Activity): RequestHandler {
  return async (req, _res, next) => {
    refuse(await limit(`${count}:${req.ip}`));
    activity.visitor(req.ip ?? "", req.get("user-agent") ?? "");
    next();
  };
}

export const identityOf = new WeakMap<Response, Identity>();

/** Whose token it is; throws a Problem where it is nobody's, or not any more. Whether its session is open, Redis knows. */
export function identityFor({ devToken, tokens }: Pick<GuardDeps, "devToken" | "tokens">, token: string): Identity {
  return devToken && same(token, devToken) ? dev(token) : identify(tokens, token);
}

function dev(token: string): Identity {
  return { id: "dev", role: "dev", limitKey: token };
}

function identify(tokens: Tokens, token: string): Identity {
  const verdict = tokens.verify(token);
  if (verdict === "expired") throw turnAway("token-expired");
  if (verdict === "forged") throw turnAway("unauthenticated");
  const { sub, role, sid, exp } = verdict.claims;
  return { id: sub, role, limitKey: `user:${sub}`, sessionId: sid, expiresAt: exp * 1_000 };
}

function turnAway(code: ProblemCode): Problem {
  return new Problem(code, { headers: { "WWW-Authenticate": 'Bearer realm="media"' } });
}

function refuse(waitSeconds: number): void {
  if (waitSeconds > 0) throw new Problem("rate-limited", { headers: { "Retry-After": String(waitSeconds) } });
}

/** Compares hashes, which have one length: neither the time taken nor an error tells how much of a guess was right. */
function same(left: string, right: string): boolean {
  const hash = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(hash(left), hash(right));
}

const RAW = Symbol("raw body");
const parseJson = json({
  limit: MAX_BODY,
  type: () => true,
  verify: (req, _res, bytes) => keepRaw(req, bytes),
});

export function keepRaw(req: object, bytes: Buffer): void {
  Object.assign(req, { [RAW]: bytes });
}

/** The body's bytes as they came. */
export function rawBody(req: Request): Buffer {
  return (req as Request & { [RAW]?: Buffer })[RAW] ?? Buffer.alloc(0);
}

/** Reads a JSON body, if it was not read before; says so when it is something else instead of seeing an empty one. */
export function jsonBody(types: readonly string[]): RequestHandler {
  return (req, res, next) => {
    const type = (req.get("content-type") ?? "").split(";")[0]?.trim().toLowerCase() ?? "";
    if (!types.includes(type)) throw new Problem("unsupported-media-type");
    parseJson(req, res, next);
  };
}
