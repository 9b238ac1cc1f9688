import type { Request, RequestHandler, Response } from "express";
import { byAddress, type CallerDeps, createIdentifyCaller, unauthorized } from "../auth/callers.ts";
import { type Quota, quotaFields, type RateLimit, refuseExceeded } from "../data/redis/rate-limit.ts";
import type { Activity } from "../domain/activity.ts";
import type { Identity } from "../model/roles.ts";
import { fieldsOf } from "./answer-fields.ts";

const BEARER = /^Bearer (\S+)$/i;

/**
 * Lets callers with a valid token through, within their rate limit, and leaves their identity in `identityOf`. A call that
 * ended its own session (a logout, a change of one's own role) may be repeated under its Idempotency-Key: mount.ts then
 * gives it the first answer again, and nothing else.
 */
export function requireUser(deps: CallerDeps): RequestHandler {
  const identify = createIdentifyCaller(deps);
  const count = countForgery(deps.visitorLimit);
  return async (req, res, next) => {
    const token = BEARER.exec(req.headers.authorization ?? "")?.[1];
    if (!token) throw unauthorized("unauthenticated");
    const { identity, quota } = await identify(token, () => count(req, res));
    if (identity.ended && keyOf(req) === undefined) throw unauthorized("session-ended");
    enforce(res, quota);
    identityOf.set(res, identity);
    next();
  };
}

/** Counts an invalid token or signature against the sender's address, and refuses the call past the limit. */
export function countForgery(limit: RateLimit) {
  return async (req: Request, res: Response): Promise<void> => enforce(res, await limit(byAddress(req.ip)));
}

/** Limits callers without a token by address, under a count of its own. */
export function limitVisitor(count: "address" | "beacon", limit: RateLimit, activity: Activity): RequestHandler {
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

/** Puts the rest of the quota into the answer, and refuses the call if there is none. */
function enforce(res: Response, quota: Quota): void {
  fieldsOf(res).push(...quotaFields(quota));
  refuseExceeded(quota);
}
