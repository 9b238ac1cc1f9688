import type { Database } from "../data/postgres/database.ts";
import { type ChangedRequest, listRequests, type MediaRequest } from "../data/repositories/requests.ts";
import { type ChangedState, type ChangeName, changeRequest } from "../domain/change-request.ts";
import { type CreateRequestDeps, createRequest } from "../domain/create-request.ts";
import { type GetRequestDeps, getRequest } from "../domain/get-request.ts";
import type { Contract } from "./contract/contract.ts";
import type { Handler, Handlers } from "./mount.ts";
import { userOf } from "./owner.ts";
import { json, type Reply, staleHeaders } from "./reply.ts";

export type RequestDeps = CreateRequestDeps & GetRequestDeps & { database: Database };

export function requestHandlers(deps: RequestDeps) {
  return {
    createRequest: async ({ user, body, unitOfWork }) =>
      created(await createRequest(deps, unitOfWork<ChangedRequest>(created), user, body)),
    listRequests: async ({ user, query: { limit, cursor, owner, ...filter } }) => {
      const userId = userOf(user, owner);
      // The list must show what the caller just wrote; it may lack the newest requests of other users.
      const found = await deps.database.readRecent("list requests", user.lastWriteLsn, (from) =>
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

function change(deps: RequestDeps, name: ChangeName): Handler<Contract["cancelRequest"]> {
  const reply = ({ changed }: ChangedState) => json(200, presentRequest(changed));
  return async ({ user, params, unitOfWork }) =>
    reply(await changeRequest(deps, unitOfWork(reply), user, params.id, name));
}

function created(request: MediaRequest): Reply {
  return json(201, presentRequest(request), { Location: `/api/v1/requests/${request.id}` });
}

export function presentRequest({ id, status, mediaType, tmdbId, title, createdAt }: MediaRequest) {
  return { id, status, mediaType, tmdbId, title, createdAt };
}
