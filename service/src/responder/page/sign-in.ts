import type { Request, RequestHandler, Response } from "express";
import { fetch } from "undici";
import { knows } from "../../auth/known-secrets.ts";
import type { Tokens } from "../../auth/tokens.ts";
import { Problem } from "../../errors/problem.ts";
import { type Identity, may } from "../../model/roles.ts";
import { agentOf } from "../sources/http.ts";

/** Sent to the responder alone, over TLS alone, from its own pages alone, and to no script. */
const COOKIE = "__Secure-media-incidents";
const ATTRIBUTES = "Path=/incidents; Secure; HttpOnly; SameSite=Strict";
const SIGN_IN_MS = 5_000;

export interface SignInDeps {
  /** Of the api, which checks passwords and counts tries. */
  apiUrl: string;
  tokens: Tokens;
  /** Bearer tokens of the user "dev"; without any there is no such user. */
  devTokens: readonly string[];
}

/** Whose page it is. */
export const personOf = new WeakMap<Response, Identity>();

/** The caller, by the cookie of the page or by a bearer token, where it may manage incidents. */
export function requirePerson({ tokens, devTokens }: SignInDeps): RequestHandler {
  const isDeveloper = knows(devTokens);
  return async (req, res, next) => {
    const bearer = /^Bearer (\S+)$/i.exec(req.get("authorization") ?? "")?.[1];
    const token = bearer ?? cookieOf(req);
    const identity = token === undefined ? undefined : isDeveloper(token) ? DEVELOPER : await identify(token, tokens);
    if (!identity) {
      if (bearer !== undefined || req.method !== "GET") throw new Problem("unauthenticated");
      return res.redirect(303, "/incidents/sign-in");
    }
    if (!may(identity, "incidents:manage")) throw new Problem("forbidden");
    personOf.set(res, identity);
    next();
  };
}

const DEVELOPER: Identity = { id: "dev", role: "dev", limitKey: "dev" };

async function identify(token: string, tokens: Tokens): Promise<Identity | undefined> {
  const verdict = await tokens.verify(token);
  if (typeof verdict === "string") return undefined;
  const { sub, role, sid } = verdict.claims;
  return { id: sub, role, limitKey: `user:${sub}`, sessionId: sid };
}

function cookieOf(req: Request): string | undefined {
  const pairs = (req.get("cookie") ?? "").split(";").map((pair) => pair.trim());
  return pairs.find((pair) => pair.startsWith(`${COOKIE}=`))?.slice(COOKIE.length + 1);
}

/** A form of another site cannot change anything: besides the cookie's SameSite, browsers say where a form comes from. */
export const sameSite: RequestHandler = (req, _res, next) => {
  const origin = req.get("origin");
  const foreign = req.get("sec-fetch-site") ?? "same-origin";
  const elsewhere = origin !== undefined && origin !== "null" && new URL(origin).host !== req.get("host");
  if (elsewhere || !["same-origin", "none"].includes(foreign)) throw new Problem("forbidden");
  next();
};

/** Signs in at the api with the caller's address; the cookie for the page, or the api's status where it refuses. */
export async function signIn(deps: SignInDeps, req: Request): Promise<{ cookie: string } | { status: number }> {
  const { email = "", password = "" } = (req.body ?? {}) as Record<string, string>;
  const answer = await fetch(`${deps.apiUrl}/api/v1/auth/login`, {
    method: "POST",
    dispatcher: agentOf(),
    signal: AbortSignal.timeout(SIGN_IN_MS),
    headers: { "content-type": "application/json", "x-forwarded-for": req.ip ?? "" },
    body: JSON.stringify({ email, password }),
  });
  const body = (await answer.json()) as { accessToken?: string };
  if (answer.status !== 201 || !body.accessToken) return { status: answer.status };
  const identity = await identify(body.accessToken, deps.tokens);
  if (!identity || !may(identity, "incidents:manage")) return { status: 403 };
  return { cookie: `${COOKIE}=${body.accessToken}; ${ATTRIBUTES}; Max-Age=900` };
}

export const SIGNED_OUT = `${COOKIE}=; ${ATTRIBUTES}; Max-Age=0`;
