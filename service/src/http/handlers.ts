import { type AccountDeps, changeRole, login, refresh, register } from "../auth/accounts.ts";
import { may } from "../auth/roles.ts";
import { listRequests, type MediaRequest } from "../data/repositories/requests.ts";
import { listUsers, type User } from "../data/repositories/users.ts";
import { type ChangeName, changeRequest } from "../domain/change-request.ts";
import { type CreateRequestDeps, createRequest } from "../domain/create-request.ts";
import { type GetRequestDeps, getRequest } from "../domain/get-request.ts";
import { recordTimings } from "../observability/metrics/page-timings.ts";
import type { Contract } from "./contract/contract.ts";
import { docsPage } from "./docs-page.ts";
import { downloadHandlers } from "./download-handlers.ts";
import { errorHandlers } from "./error-handlers.ts";
import { type HealthDeps, healthHandlers } from "./health-handlers.ts";
import { PAGE_HEADERS } from "./html.ts";
import { type MediaDeps, mediaHandlers } from "./media-handlers.ts";
import type { Handler, Handlers } from "./mount.ts";
import { openapi } from "./openapi.ts";
import { type PaymentDeps, paymentHandlers } from "./payment-handlers.ts";
import { listProblems, readProblem } from "./problem-pages.ts";
import { empty, html, json, type Reply, staleHeaders } from "./reply.ts";

export type HandlerDeps = CreateRequestDeps &
  GetRequestDeps &
  AccountDeps &
  MediaDeps &
  PaymentDeps &
  HealthDeps & { version: string };

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
      // A person who comes back to the list must find what they just asked for; of others' it may lack the newest.
      const found = await deps.database.readRecent("list requests", user.written, (from) =>
        listRequests(from, { ...filter, userId }, limit, cursor),
      );
      const items = found.items.map((request) => ({ ...presentRequest(request), requestedBy: request.userId }));
      return json(200, { ...found, items });
    },
    getRequest: async ({ user, params }) => {
      const { request, cache, ageSeconds } = await getRequest(deps, user, params.id);
      return json(200, presentRequest(request), { "X-Cache": cache, ...staleHeaders(ageSeconds) });
    },
    approveRequest: change(deps, "approve"),
    declineRequest: change(deps, "decline"),
    cancelRequest: change(deps, "cancel"),
    retryRequest: change(deps, "retry"),
  } satisfies Partial<Handlers>;
}

function accountHandlers(deps: HandlerDeps) {
  const account = (user: User) => json(201, user);
  return {
    register: async ({ body, commit }) =>
      account(await register(deps, body, (client, user) => commit(client, account(user)))),
    login: async ({ req, body }) => json(201, await login(deps, body, req.ip)),
    refresh: async ({ body }) => json(200, await refresh(deps, body.refreshToken)),
    logout: async ({ user }) => {
      if (user.sessionId !== undefined) await deps.sessions.close(user.sessionId);
      return empty();
    },
    listUsers: async ({ query: { limit, cursor } }) => json(200, await listUsers(deps.database.primary, limit, cursor)),
    changeRole: async ({ params, body, commit }) => {
      const reply = (user: User) => json(200, user);
      return reply(await changeRole(deps, params.id, body.role, (client, user) => commit(client, reply(user))));
    },
  } satisfies Partial<Handlers>;
}

function timingHandlers({ metrics }: HandlerDeps) {
  return {
    reportTimings: ({ body }) => {
      recordTimings(metrics, body);
      return empty();
    },
  } satisfies Partial<Handlers>;
}

function documentationHandlers({ version }: HandlerDeps) {
  const document = json(200, openapi(version));
  const docs = html(docsPage(version), PAGE_HEADERS);
  return { getOpenapi: () => document, getDocs: () => docs, listProblems, readProblem } satisfies Partial<Handlers>;
}

function change(deps: HandlerDeps, name: ChangeName): Handler<Contract["cancelRequest"]> {
  const reply = (request: MediaRequest) => json(200, presentRequest(request));
  return async ({ user, params, commit }) =>
    reply(await changeRequest(deps, user, params.id, name, (client, request) => commit(client, reply(request))));
}

function created(request: MediaRequest): Reply {
  return json(201, presentRequest(request), { Location: `/api/v1/requests/${request.id}` });
}

export function presentRequest({ id, status, mediaType, tmdbId, title, createdAt }: MediaRequest) {
  return { id, status, mediaType, tmdbId, title, createdAt };
}
