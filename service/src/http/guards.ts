import { createHash, timingSafeEqual } from "node:crypto";
import { json, type Request, type RequestHandler, type Response } from "express";
import type { Identity } from "../accounts/roles.ts";
import type { Tokens } from "../accounts/tokens.ts";
import type { Door } from "../data/door.ts";
import { type Quota, quotaHeaders, type RateLimit, type Window } from "../data/rate-limit.ts";
import type { Written } from "../data/written.ts";
import type { ProblemCode } from "../errors/catalogue.ts";
import { Problem } from "../errors/problem.ts";

const MAX_BODY = "16kb";

export interface GuardDeps {
  /** Bearer token that stands for the user "dev"; without it no token does. */
  devToken: string | undefined;
  tokens: Tokens;
  door: Door;
  /** Per user, and per address where nobody is signed in. */
  userWindow: Window;
  written: Written;
  visitorLimit: RateLimit;
}

/** Lets only a known token through, and not too often; leaves the identity in `res.locals`. */
export function admitUser(deps: GuardDeps): RequestHandler {
  const { devToken, tokens, door, userWindow } = deps;
  const dev = devToken === undefined ? undefined : developer(devToken);
  return async (req, res, next) => {
    const token = bearer(req.headers.authorization);
    if (!token) throw turnAway("unauthenticated");
    const identity = dev?.is(token) ? dev.identity : await identify(tokens, token, () => countVisitor(deps, req, res));
    const { id: userId, sessionId } = identity;
    const rateKey = userWindow.keyOf(identity.limitKey);
    // Without Redis a signed token is believed until it runs out.
    const asked = await door(rateKey, { id: sessionId ?? "", userId });
    if (sessionId !== undefined && asked.sessionOpen === false) throw turnAway("session-ended");
    enforce(res, userWindow.judge(rateKey, asked.calls));
    identityOf.set(res, { ...identity, written: deps.written.recall(userId) ?? asked.written });
    next();
  };
}

/** Counts whoever has no token yet by address. */
export function admitVisitor(deps: GuardDeps): RequestHandler {
  return async (req, res, next) => {
    await countVisitor(deps, req, res);
    next();
  };
}

export const identityOf = new WeakMap<Response, Identity>();

const BEARER = /^Bearer (\S+)$/i;

function bearer(header: string | undefined): string | undefined {
  return header === undefined ? undefined : BEARER.exec(header)?.[1];
}

/** Compares hashes, which have one length: neither the time taken nor an error tells how much of a guess was right. */
function developer(token: string): { is(guess: string): boolean; identity: Identity } {
  const known = hash(token);
  const identity: Identity = { id: "dev", role: "dev", limitKey: `dev:${known.toString("base64url")}` };
  return { is: (guess) => timingSafeEqual(hash(guess), known), identity };
}

function hash(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}

/** A forged token is counted by its address, so that nobody can go on guessing; whoever is let in never is. */
async function identify(tokens: Tokens, token: string, count: () => Promise<void>): Promise<Identity> {
  const verdict = tokens.verify(token);
  if (verdict === "expired") throw turnAway("token-expired");
  if (verdict === "forged") {
    await count();
    throw turnAway("unauthenticated");
  }
  const { sub, role, sid } = verdict.claims;
  return { id: sub, role, limitKey: `user:${sub}`, sessionId: sid };
}

function turnAway(code: ProblemCode): Problem {
  return new Problem(code, { headers: { "WWW-Authenticate": 'Bearer realm="media"' } });
}

async function countVisitor({ visitorLimit }: GuardDeps, req: Request, res: Response): Promise<void> {
  enforce(res, await visitorLimit(`address:${req.ip}`));
}

/** Tells what is left, and refuses the call if it is nothing. */
function enforce(res: Response, quota: Quota): void {
  for (const [name, value] of Object.entries(quotaHeaders(quota))) res.setHeader(name, value);
  if (quota.exceeded) throw new Problem("rate-limited", { headers: { "Retry-After": String(quota.resetSeconds) } });
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
