import type { CallerLookup } from "../data/redis/caller-lookup.ts";
import { networkOf } from "../data/redis/network-of.ts";
import type { Quota, RateLimit, Window } from "../data/redis/rate-limit.ts";
import type { ReadYourWrites } from "../data/redis/read-your-writes.ts";
import type { Activity } from "../domain/activity.ts";
import type { ProblemCode } from "../errors/catalogue.ts";
import { Problem } from "../errors/problem.ts";
import type { Identity } from "../model/roles.ts";
import { knows } from "./known-secrets.ts";
import type { Tokens } from "./tokens.ts";

export interface CallerDeps {
  /** Bearer tokens of the user "dev"; without any there is no such user. */
  devTokens: readonly string[];
  tokens: Tokens;
  callerLookup: CallerLookup;
  /** Calls per user. */
  userWindow: Window;
  readYourWrites: ReadYourWrites;
  /** Calls per address of callers without a valid token. */
  visitorLimit: RateLimit;
  activity: Activity;
}

/**
 * Identifies the caller behind a token and counts the call. Used by HTTP and by sockets. Throws a Problem where the token
 * is not valid or not valid any more. `countForgery` is called for a forged token, so that guessing is limited.
 */
export type IdentifyCaller = (
  token: string,
  countForgery: () => Promise<void>,
) => Promise<{ identity: Identity; quota: Quota }>;

/** An IdentifyCaller that refuses a caller whose session has ended. */
export function createCallerCheck(deps: CallerDeps): IdentifyCaller {
  const identify = createIdentifyCaller(deps);
  return async (token, countForgery) => {
    const caller = await identify(token, countForgery);
    if (caller.identity.ended) throw unauthorized("session-ended");
    return caller;
  };
}

/** An IdentifyCaller that lets a caller whose session has ended through, with `ended` set. */
export function createIdentifyCaller(deps: CallerDeps): IdentifyCaller {
  const { tokens, callerLookup, userWindow, readYourWrites, activity } = deps;
  const isDeveloper = knows(deps.devTokens);
  return async (token, countForgery) => {
    const identity = isDeveloper(token) ? DEVELOPER : await identityOfToken(tokens, token, countForgery);
    const { id: userId, sessionId } = identity;
    const rateKey = userWindow.keyOf(identity.limitKey);
    // Without Redis a signed token is valid until it expires.
    const found = await callerLookup(rateKey, { id: sessionId ?? "", userId });
    const ended = sessionId !== undefined && found.sessionOpen === false;
    const quota = userWindow.judge(rateKey, found.calls);
    if (sessionId !== undefined && !ended && !quota.exceeded) activity.account(userId);
    return { identity: { ...identity, ended, lastWriteLsn: readYourWrites.recall(userId, found.lastWriteLsn) }, quota };
  };
}

/** The key under which the calls of an address are counted. */
export const byAddress = (address: string | undefined, count = "address") => `${count}:${networkOf(address)}`;

export function unauthorized(code: ProblemCode): Problem {
  return new Problem(code, { headers: { "WWW-Authenticate": 'Bearer realm="media"' } });
}

const DEVELOPER: Identity = { id: "dev", role: "dev", limitKey: "dev" };

async function identityOfToken(tokens: Tokens, token: string, countForgery: () => Promise<void>): Promise<Identity> {
  const verdict = await tokens.verify(token);
  if (verdict === "expired") throw unauthorized("token-expired");
  if (verdict === "forged") {
    await countForgery();
    throw unauthorized("unauthenticated");
  }
  const { sub, role, sid, exp } = verdict.claims;
  return { id: sub, role, limitKey: `user:${sub}`, sessionId: sid, expiresAt: exp * 1_000 };
}
