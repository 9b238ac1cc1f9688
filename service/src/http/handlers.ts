import type { MediaRequest } from "../data/requests.ts";
import { type CreateRequestDeps, createRequest } from "../domain/create-request.ts";
import { getRequest } from "../domain/get-request.ts";
import { docsPage } from "./docs-page.ts";
import { PAGE_HEADERS } from "./html.ts";
import type { Handlers } from "./mount.ts";
import { openapi } from "./openapi.ts";
import { listProblems, readProblem } from "./problem-pages.ts";
import { html, json, type Reply } from "./reply.ts";

export interface HandlerDeps extends CreateRequestDeps {
  version: string;
}

const KEEP = { "Cache-Control": "public, max-age=300" };

/** What each operation does, between its checks and its answer. */
export function createHandlers(deps: HandlerDeps): Handlers {
  const document = json(200, openapi(deps.version), KEEP);
  const docs = html(docsPage(deps.version), { ...KEEP, ...PAGE_HEADERS });
  return {
    getOpenapi: () => document,
    getDocs: () => docs,
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
