import type { Request, RequestHandler, Response } from "express";
import { unauthorized } from "../../auth/callers.ts";
import { knows } from "../../auth/known-secrets.ts";
import { PAGES_SECONDS, type Tokens } from "../../auth/tokens.ts";
import type { Sessions } from "../../data/redis/sessions.ts";
import { Problem } from "../../errors/problem.ts";
import { type Identity, may } from "../../model/roles.ts";

/** Sent to the operators' pages alone, over TLS alone, and to no script. The gateway passes it on to the responder alone. */
const COOKIE = "__Secure-media-operator";
export const PATHS = ["/ops", "/incidents"] as const;
/** Lax: a link in a mail finds the person signed in. What changes something asks besides where it comes from. */
const ATTRIBUTES = "Secure; HttpOnly; SameSite=Lax";
export const SIGN_IN = "/ops/sign-in";

export interface PersonDeps {
  /** Access tokens of the API. */
  tokens: Tokens;
  /** What the cookie holds. */
  pageTokens: Tokens;
  /** Bearer tokens of the user "dev"; without any there is no such user. */
  devTokens: readonly string[];
  sessions: Pick<Sessions, "isOpen">;
}

/** Whose page it is. */
export const personOf = new WeakMap<Response, Identity>();

const DEVELOPER: Identity = { id: "dev", role: "dev", limitKey: "dev" };

/**
 * Finds the caller by the cookie of the pages or by a bearer token of the API. A session that has ended is none; while the
 * state Redis is away a token counts until it runs out, so that Prometheus can be looked at just then.
 *
 * @throws Problem where there is no caller, and where it may not manage incidents
 */
export function createPersonCheck({ tokens, pageTokens, devTokens, sessions }: PersonDeps) {
  const isDeveloper = knows(devTokens);
  const known = async (token: string, by: Tokens): Promise<Identity> => {
    const verdict = await by.verify(token);
    if (typeof verdict === "string") throw unauthorized(verdict === "expired" ? "token-expired" : "unauthenticated");
    const { sub, role, sid } = verdict.claims;
    if ((await sessions.isOpen(sid)) === false) throw unauthorized("session-ended");
    return { id: sub, role, limitKey: `user:${sub}`, sessionId: sid };
  };
  const callerOf = (req: Request): Promise<Identity> | Identity => {
    const bearer = bearerOf(req);
    if (bearer !== undefined) return isDeveloper(bearer) ? DEVELOPER : known(bearer, tokens);
    const cookie = cookieOf(req, COOKIE);
    if (!cookie) throw unauthorized("unauthenticated");
    return known(cookie, pageTokens);
  };
  return async (req: Request): Promise<Identity> => {
    const caller = await callerOf(req);
    if (!may(caller, "incidents:manage")) throw new Problem("forbidden");
    return caller;
  };
}

export type PersonCheck = ReturnType<typeof createPersonCheck>;

/** Lets administrators through; sends a browser to the sign-in page, and from there back; all others get a problem. */
export function requirePerson(check: PersonCheck): RequestHandler {
  return async (req, res, next) => {
    try {
      personOf.set(res, await check(req));
    } catch (error) {
      if (!(error instanceof Problem && error.status === 401 && isNavigation(req))) throw error;
      return res.redirect(303, `${SIGN_IN}?to=${encodeURIComponent(req.originalUrl)}`);
    }
    next();
  };
}

/** Whether a person would see the answer: a script that gets a page in the place of its data only breaks in another way. */
function isNavigation(req: Request): boolean {
  const asked = req.get("accept") ?? "";
  return ["GET", "HEAD"].includes(req.method) && bearerOf(req) === undefined && asked.includes("text/html");
}

const bearerOf = (req: Request) => /^Bearer (\S+)$/i.exec(req.get("authorization") ?? "")?.[1];

export function cookieOf(req: Request, name: string): string | undefined {
  const pairs = (req.get("cookie") ?? "").split(";").map((pair) => pair.trim());
  return pairs.find((pair) => pair.startsWith(`${name}=`))?.slice(name.length + 1);
}

/** What keeps a person signed in, or without a token ends it. */
export const cookies = (token?: string) =>
  PATHS.map((path) => `${COOKIE}=${token ?? ""}; Path=${path}; ${ATTRIBUTES}; Max-Age=${token ? PAGES_SECONDS : 0}`);

/** A form of another site cannot change anything: besides the cookie's SameSite, browsers say where a form comes from. */
export function refuseForeign(req: Request): void {
  const origin = req.get("origin");
  const foreign = req.get("sec-fetch-site") ?? "same-origin";
  const elsewhere = origin !== undefined && origin !== "null" && hostOf(origin) !== req.get("host");
  if (elsewhere || !["same-origin", "none"].includes(foreign)) throw new Problem("forbidden");
}

const hostOf = (origin: string) => (URL.canParse(origin) ? new URL(origin).host : undefined);

/** Where a person goes after the sign-in: a page of ours, whatever the address asks for. */
export function returnPath(wish: unknown): string {
  const base = "https://pages.invalid";
  if (typeof wish !== "string" || !/^\/[!-~]*$/.test(wish) || !URL.canParse(wish, base)) return "/ops";
  const { origin, pathname, search } = new URL(wish, base);
  const isOurs = PATHS.some((path) => pathname === path || pathname.startsWith(`${path}/`));
  return origin === base && isOurs && !pathname.startsWith(SIGN_IN) ? pathname + search : "/ops";
}
