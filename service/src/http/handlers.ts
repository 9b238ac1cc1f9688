import type { MediaRequest } from "../data/requests.ts";
import { type CreateRequestDeps, createRequest } from "../domain/create-request.ts";
import { getRequest } from "../domain/get-request.ts";
import type { Handlers } from "./mount.ts";
import { listProblems, readProblem } from "./problem-pages.ts";
import { json, type Reply } from "./reply.ts";

export type HandlerDeps = CreateRequestDeps;

/** What each operation does, between its checks and its answer. */
export function createHandlers(deps: HandlerDeps): Handlers {
  return {
    createRequest: async ({ user, body, commit }) =>
      created(await createRequest(deps, user.id, body, (client, request) => commit(client, created(request)))),
    getRequest: async ({ user, params }) => {
      const { request, cached } = await getRequest(deps, user.id, params.id);
      // One user's data: shared caches must not keep it, and the user's own must ask again.
      return json(200, present(request), { "X-Cache": cached ? "hit" : "miss", "Cache-Control": "private, no-cache" });
    },
    listProblems,
    readProblem,
  };
}

function created(request: MediaRequest): Reply {
  return json(201, present(request), { Location: `/api/v1/requests/${request.id}` });
}

function present({ id, status, mediaType, tmdbId, title, createdAt }: MediaRequest) {
  return { id, status, mediaType, tmdbId, title, createdAt };
}
