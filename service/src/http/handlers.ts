import { type AccountDeps, changeRole, login, refresh, register } from "../accounts/accounts.ts";
import { may } from "../accounts/roles.ts";
import { listRequests, type MediaRequest } from "../data/requests.ts";
import { listUsers, type User } from "../data/users.ts";
import { type ChangeName, changeRequest } from "../domain/change-request.ts";
import { type CreateRequestDeps, createRequest } from "../domain/create-request.ts";
import { type GetRequestDeps, getRequest } from "../domain/get-request.ts";
import { recordTimings } from "../metrics/page-timings.ts";
import type { Contract } from "./contract/contract.ts";
import { docsPage } from "./docs-page.ts";
import { downloadHandlers } from "./download-handlers.ts";
import { errorHandlers } from "./error-handlers.ts";
import { healthHandlers } from "./health-handlers.ts";
import { PAGE_HEADERS } from "./html.ts";
import { type MediaDeps, mediaHandlers } from "./media-handlers.ts";
import type { Handler, Handlers } from "./mount.ts";
import { openapi } from "./openapi.ts";
import { type PaymentDeps, paymentHandlers } from "./payment-handlers.ts";
import { listProblems, readProblem } from "./problem-pages.ts";
import { empty, html, json, type Reply } from "./reply.ts";

export interface HandlerDeps extends CreateRequestDeps, GetRequestDeps, AccountDeps, MediaDeps, PaymentDeps {
  version: string;
}

const KEEP = { "Cache-Control": "public, max-age=300" };
/** One user's data: shared caches must not keep it, and the user's own must ask again. */
const PRIVATE = { "Cache-Control": "private, no-cache" };
/** Tokens: nobody keeps them. */
const SECRET = { "Cache-Control": "no-store" };

/** RFC 7234's word for it. */
const STALE = '110 - "Response is Stale"';

/** What each operation does, between its checks and its answer. */
export function createHandlers(deps: HandlerDeps): Handlers {
  return {
    ...requestHandlers(deps),
    ...downloadHandlers(deps),
    ...accountHandlers(deps),
    ...mediaHandlers(deps),
    ...paymentHandlers(deps),
    ...healthHandlers(deps),
    ...timingHandlers(deps),
    ...errorHandlers(deps),
    ...documentationHandlers(deps),
  };
}

function requestHandlers(deps: HandlerDeps) {
  return {
    createRequest: async ({ user, body, commit }) =>
      created(await createRequest(deps, user, body, (client, request) => commit(client, created(request)))),
    listRequests: async ({ user, query: { limit, cursor, ...filter } }) => {
      const userId = may(user, "requests:read-all") ? undefined : user.id;
      // The primary: a person who comes back to the list must find what they just asked for.
      const found = await listRequests(deps.database.primary, { ...filter, userId }, limit, cursor);
      const items = found.items.map((request) => ({ ...present(request), requestedBy: request.userId }));
      return json(200, { ...found, items }, PRIVATE);
    },
    getRequest: async ({ user, params }) => {
      const { request, cache, ageSeconds } = await getRequest(deps, user, params.id);
      const stale = ageSeconds !== undefined && { Warning: STALE, Age: String(ageSeconds) };
      return json(200, present(request), { "X-Cache": cache, ...PRIVATE, ...stale });
    },
    approveRequest: change(deps, "approve"),
    declineRequest: change(deps, "decline"),
    cancelRequest: change(deps, "cancel"),
    retryRequest: change(deps, "retry"),
  } satisfies Partial<Handlers>;
}

function accountHandlers(deps: HandlerDeps) {
  const account = (user: User) => json(201, user, { ...PRIVATE });
  return {
    register: async ({ body, commit }) =>
      account(await register(deps, body, (client, user) => commit(client, account(user)))),
    login: async ({ body }) => json(201, await login(deps, body), SECRET),
    refresh: async ({ body }) => json(200, await refresh(deps, body.refreshToken), SECRET),
    logout: async ({ user }) => {
      if (user.sessionId !== undefined) await deps.sessions.close(user.sessionId);
      return empty();
    },
    listUsers: async ({ query: { limit, cursor } }) =>
      json(200, await listUsers(deps.database.primary, limit, cursor), PRIVATE),
    changeRole: async ({ params, body, commit }) => {
      const reply = (user: User) => json(200, user, PRIVATE);
      return reply(await changeRole(deps, params.id, body.role, (client, user) => commit(client, reply(user))));
    },
  } satisfies Partial<Handlers>;
}

function timingHandlers({ metrics }: HandlerDeps) {
  return {
    reportTimings: ({ body }) => {
      recordTimings(metrics, body);
      return empty(SECRET);
    },
  } satisfies Partial<Handlers>;
}

function documentationHandlers({ version }: HandlerDeps) {
  const document = json(200, openapi(version), KEEP);
  const docs = html(docsPage(version), { ...KEEP, ...PAGE_HEADERS });
  return { getOpenapi: () => document, getDocs: () => docs, listProblems, readProblem } satisfies Partial<Handlers>;
}

function change(deps: HandlerDeps, name: ChangeName): Handler<Contract["cancelRequest"]> {
  const reply = (request: MediaRequest) => json(200, present(request), PRIVATE);
  return async ({ user, params, commit }) =>
    reply(await changeRequest(deps, user, params.id, name, (client, request) => commit(client, reply(request))));
}

function created(request: MediaRequest): Reply {
  return json(201, present(request), { Location: `/api/v1/requests/${request.id}` });
}

function present({ id, status, mediaType, tmdbId, title, createdAt }: MediaRequest) {
  return { id, status, mediaType, tmdbId, title, createdAt };
}
