import { isUtf8 } from "node:buffer";
import { createHash, timingSafeEqual } from "node:crypto";
import { json, type Request, type RequestHandler, type Response } from "express";
import type { Door } from "../data/redis/caller-lookup.ts";
import { networkOf } from "../data/redis/network-of.ts";
import { type Quota, quotaFields, type RateLimit, refuseExceeded, type Window } from "../data/redis/rate-limit.ts";
import type { Written } from "../data/redis/read-your-writes.ts";
import type { Activity } from "../domain/activity.ts";
import type { ProblemCode } from "../errors/catalogue.ts";
import { Problem } from "../errors/problem.ts";
import { fieldsOf } from "../http/answer-fields.ts";
import type { Identity } from "./roles.ts";
import type { Tokens } from "./tokens.ts";

export const MAX_BODY = "16kb";

export interface GuardDeps {
  /** Bearer token that stands for the user "dev"; without it no token does. */
  devToken: string | undefined;
  tokens: Tokens;
  door: Door;
  /** Per user, and per address where nobody is signed in. */
  userWindow: Window;
  written: Written;
  visitorLimit: RateLimit;
  /** Counts beacons apart from the rest: pages that report must not use up the tries to sign in. */
  beaconLimit: RateLimit;
  activity: Activity;
}

/**
 * Who comes in with a token, and what is left of their calls: the same by HTTP and by socket. Throws a Problem where it
 * is nobody's token, or not any more. `count` is told of a forged one, so that nobody can go on guessing.
 */
export type Gate = (token: string, count: () => Promise<void>) => Promise<{ identity: Identity; quota: Quota }>;
type GateDeps = Omit<GuardDeps, "beaconLimit" | "visitorLimit">;

export function createGate(deps: GateDeps): Gate {
  const recognise = createRecognition(deps);
  return async (token, count) => {
    const caller = await recognise(token, count);
    if (caller.identity.ended) throw turnAway("session-ended");
    return caller;
  };
}

/** Like the gate, but whose session is over is only marked as such. */
function createRecognition(deps: GateDeps): Gate {
  const { tokens, door, userWindow, written, activity } = deps;
  const dev = deps.devToken === undefined ? undefined : developer(deps.devToken);
  return async (token, count) => {
    const identity = dev?.is(token) ? dev.identity : await identify(tokens, token, count);
    const { id: userId, sessionId } = identity;
    const rateKey = userWindow.keyOf(identity.limitKey);
    // Without Redis a signed token is believed until it runs out.
    const asked = await door(rateKey, { id: sessionId ?? "", userId });
    const ended = sessionId !== undefined && asked.sessionOpen === false;
    const quota = userWindow.judge(rateKey, asked.calls);
    if (sessionId !== undefined && !ended && !quota.exceeded) activity.account(userId);
    return { identity: { ...identity, ended, written: written.recall(userId, asked.written) }, quota };
  };
}

/**
 * Lets only a known token through, and not too often; leaves the identity in `identityOf`. A call that ended its own
 * session (a logout, a change of one's own role) may be sent again under its key: whoever mounts the operations gives
 * it its first answer, and nothing else.
 */
export function admitUser(deps: GuardDeps): RequestHandler {
  const recognise = createRecognition(deps);
  const count = countForgery(deps.visitorLimit);
  return async (req, res, next) => {
    const token = BEARER.exec(req.headers.authorization ?? "")?.[1];
    if (!token) throw turnAway("unauthenticated");
    const { identity, quota } = await recognise(token, () => count(req, res));
    if (identity.ended && keyOf(req) === undefined) throw turnAway("session-ended");
    enforce(res, quota);
    identityOf.set(res, identity);
    next();
  };
}

/** Counts a token or a signature that is none against its sender's address, and refuses those that go on. */
export function countForgery(limit: RateLimit) {
  return async (req: Request, res: Response): Promise<void> => enforce(res, await limit(byAddress(req.ip)));
}

/** Counts whoever has no token yet by address, under a count of its own. */
export function admitVisitor(count: "address" | "beacon", limit: RateLimit, activity: Activity): RequestHandler {
  return async (req, res, next) => {
    enforce(res, await limit(byAddress(req.ip, count)));
    activity.visitor(req.ip ?? "", req.get("user-agent") ?? "");
    next();
  };
}

/** The Idempotency-Key, which only POSTs have. */
export function keyOf(req: Request): string | undefined {
  return req.method === "POST" ? req.get("idempotency-key") : undefined;
}

export const identityOf = new WeakMap<Response, Identity>();

/** The key under which an address is counted. */
export const byAddress = (address: string | undefined, count = "address") => `${count}:${networkOf(address)}`;

const BEARER = /^Bearer (\S+)$/i;

/** Compares hashes, which have one length: neither the time taken nor an error tells how much of a guess was right. */
function developer(token: string): { is(guess: string): boolean; identity: Identity } {
  const known = hash(token);
  const identity: Identity = { id: "dev", role: "dev", limitKey: `dev:${known.toString("base64url")}` };
  return { is: (guess) => timingSafeEqual(hash(guess), known), identity };
}

function hash(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}

async function identify(tokens: Tokens, token: string, count: () => Promise<void>): Promise<Identity> {
  const verdict = tokens.verify(token);
  if (verdict === "expired") throw turnAway("token-expired");
  if (verdict === "forged") {
    await count();
    throw turnAway("unauthenticated");
  }
  const { sub, role, sid, exp } = verdict.claims;
  return { id: sub, role, limitKey: `user:${sub}`, sessionId: sid, expiresAt: exp * 1_000 };
}

export function turnAway(code: ProblemCode): Problem {
  return new Problem(code, { headers: { "WWW-Authenticate": 'Bearer realm="media"' } });
}

/** Tells what is left, and refuses the call if it is nothing. */
function enforce(res: Response, quota: Quota): void {
  fieldsOf(res).push(...quotaFields(quota));
  refuseExceeded(quota);
}

const RAW = Symbol("raw body");
const parseJson = json({
  limit: MAX_BODY,
  type: () => true,
  verify: (req, _res, bytes, charset) => {
    if (charset !== "utf-8") throw Object.assign(new Error(charset), { type: "charset.unsupported" });
    // The parser would put U+FFFD in the place of what is none.
    if (!isUtf8(bytes)) throw new Problem("malformed-body", { detail: "The body is not UTF-8." });
    keepRaw(req, bytes);
  },
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
