import { type Express, type Request, type RequestHandler, type Response, Router, urlencoded } from "express";
import { fetch } from "undici";
import type { Sessions } from "../../data/redis/sessions.ts";
import { Problem } from "../../errors/problem.ts";
import { may } from "../../model/roles.ts";
import type { Logger } from "../../observability/log.ts";
import { agentOf } from "../sources/http.ts";
import { indexPage, onwardPage, show, signInPage } from "./html.ts";
import { type Oidc, OidcRefused } from "./oidc.ts";
import {
  cookieOf,
  cookies,
  createPersonCheck,
  type PersonCheck,
  type PersonDeps,
  refuseForeign,
  requirePerson,
  returnPath,
  SIGN_IN,
} from "./person.ts";

const SIGN_IN_MS = 5_000;
const READS = ["GET", "HEAD"];
/** What ties a sign-in at the provider to the browser that began it. */
const BEGUN = "__Secure-media-sign-in";
const BEGUN_ATTRIBUTES = `Path=${SIGN_IN}; Secure; HttpOnly; SameSite=Lax`;
const REFUSED: Readonly<Record<number, string>> = {
  401: "Address or password is wrong.",
  403: "This account may not see these pages: an administrator may.",
  429: "Too many tries. Wait a minute.",
};

export interface SignInDeps extends PersonDeps {
  /** Of the api, which checks passwords and counts tries. */
  apiUrl: string;
  sessions: Sessions;
  /** Whether administrators' accounts may sign in with their passwords. */
  local: boolean;
  /** @default none: accounts alone sign in */
  oidc?: Oidc | undefined;
  /** Names of other programs' pages that the gateway serves below /ops. */
  pages: readonly string[];
  log: Pick<Logger, "info" | "warn">;
}

/**
 * The one sign-in for the operators' pages, below /ops, and what the gateway asks about each request to other programs'
 * pages. Answers how to know a person, for pages of our own.
 */
export function mountSignIn(app: Express, deps: SignInDeps): PersonCheck {
  // The gateway is the one proxy in front: the address it saw is the caller's.
  app.set("trust proxy", 1);
  const check = createPersonCheck(deps);
  const router = Router();
  router.get("/check", verdict(check));
  router.use("/sign-in", urlencoded({ extended: false, limit: "16kb" }));
  mountLocal(router, deps);
  if (deps.oidc) mountProvider(router, deps, deps.oidc);
  router.post("/sign-out", (req, res) => signOut(deps, check, req, res));
  router.use(requirePerson(check));
  router.get("/", (_req, res) => show(res, indexPage(deps.pages)));
  // What the gateway refused to pass on: a person who is signed in is told that it is not offered.
  router.use((req) => {
    throw new Problem(READS.includes(req.method) ? "not-found" : "forbidden");
  });
  app.use("/ops", router);
  return check;
}

/** The gateway's question, with the caller's own headers and the method that it wants: 204, or 401 or 403. */
function verdict(check: PersonCheck): RequestHandler {
  return async (req, res) => {
    const { id } = await check(req);
    if (!READS.includes(req.get("x-asked-method") ?? "GET")) refuseForeign(req);
    // Of a provider's subject any text can come, and it becomes a header.
    res.set("x-operator", encodeURIComponent(id)).status(204).end();
  };
}

function mountLocal(router: Router, deps: SignInDeps): void {
  const ways = { local: deps.local, provider: deps.oidc !== undefined };
  router.get("/sign-in", (req, res) => show(res, signInPage(ways, returnPath(req.query.to))));
  router.post("/sign-in", async (req, res) => {
    refuseForeign(req);
    if (!deps.local) throw new Problem("not-found");
    const body = (req.body ?? {}) as Record<string, unknown>;
    const to = returnPath(body.to);
    const signed = await signIn(deps, req, body);
    if ("token" in signed) return void res.set("set-cookie", cookies(signed.token)).redirect(303, to);
    const why = REFUSED[signed.status] ?? `Signing in does not work now (${signed.status}).`;
    show(res, signInPage(ways, to, why), signed.status === 403 ? 403 : 401);
  });
}

/** Signs in at the api with the caller's address; what the cookie holds, or the api's status where it refuses. */
async function signIn(deps: SignInDeps, req: Request, { email, password }: Record<string, unknown>) {
  const answer = await fetch(`${deps.apiUrl}/api/v1/auth/login`, {
    method: "POST",
    dispatcher: agentOf(),
    signal: AbortSignal.timeout(SIGN_IN_MS),
    headers: { "content-type": "application/json", "x-forwarded-for": req.ip ?? "" },
    body: JSON.stringify({ email: String(email ?? ""), password: String(password ?? "") }),
  });
  const body = (await answer.json()) as { accessToken?: string };
  if (answer.status !== 201 || !body.accessToken) return { status: answer.status };
  const verdict = await deps.tokens.verify(body.accessToken);
  if (typeof verdict === "string") return { status: 401 };
  const { sub, role, sid } = verdict.claims;
  if (may({ id: sub, role, limitKey: sub }, "incidents:manage"))
    return { token: await deps.pageTokens.sign({ sub, role, sid }) };
  // It was opened for nothing.
  await deps.sessions.close(sid);
  return { status: 403 };
}

function mountProvider(router: Router, deps: SignInDeps, oidc: Oidc): void {
  const { log, sessions, pageTokens } = deps;
  const ways = { local: deps.local, provider: true };
  const own = (req: Request, path: string) => `${req.protocol}://${req.get("host")}${path}`;
  const failed = (res: Response, to: string, error: unknown, told: string) => {
    const status = error instanceof OidcRefused ? error.status : 502;
    const { name, message, code } = error as Error & { code?: string };
    log.warn({ error: name, code, reason: message }, "a sign-in at the provider was refused");
    show(res, signInPage(ways, to, told), status);
  };
  router.get("/sign-in/provider", async (req, res) => {
    const to = returnPath(req.query.to);
    try {
      const { location, browser } = await oidc.begin(own(req, `${SIGN_IN}/callback`), to);
      res.set("cache-control", "no-store");
      res.set("set-cookie", `${BEGUN}=${browser}; ${BEGUN_ATTRIBUTES}; Max-Age=600`).redirect(303, location);
    } catch (error) {
      failed(res, to, error, "The sign-in of your organisation does not answer. Try again in a minute.");
    }
  });
  router.get("/sign-in/callback", async (req, res) => {
    try {
      const { subject, to } = await oidc.finish(new URL(own(req, req.originalUrl)), cookieOf(req, BEGUN));
      const id = `oidc:${subject}`;
      const { id: sid } = await sessions.open(id);
      log.info({ person: id }, "signed in at the provider");
      const token = await pageTokens.sign({ sub: id, role: "admin", sid });
      const forget = `${BEGUN}=; ${BEGUN_ATTRIBUTES}; Max-Age=0`;
      res.set("set-cookie", [...cookies(token), forget]);
      show(res, onwardPage(to));
    } catch (error) {
      if (error instanceof Problem) throw error;
      const isKnown = error instanceof OidcRefused && error.status === 403;
      failed(res, "/ops", error, isKnown ? (REFUSED[403] as string) : "The sign-in did not succeed. Begin it again.");
    }
  });
}

/** Ends the session too, so that a cookie that was copied ends with it. */
async function signOut({ sessions }: SignInDeps, check: PersonCheck, req: Request, res: Response): Promise<void> {
  refuseForeign(req);
  const person = await check(req).catch(() => undefined);
  if (person?.sessionId !== undefined) await sessions.close(person.sessionId);
  res.set("set-cookie", cookies()).redirect(303, SIGN_IN);
}
