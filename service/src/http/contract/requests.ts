import { z } from "zod";
import { REQUEST_STATUSES } from "../../data/repositories/requests.ts";
import { CHANGES, type ChangeName } from "../../domain/change-request.ts";
import { newRequest } from "../../domain/create-request.ts";
import { MEDIA_TYPES } from "../../model/media.ts";
import { byId, id, operation, owner, pageOf, paging } from "./operation.ts";

const fields = {
  id,
  status: z.enum(REQUEST_STATUSES),
  mediaType: z.enum(MEDIA_TYPES),
  tmdbId: z.int(),
  title: z.string(),
  createdAt: z.iso.datetime(),
};
const mediaRequest = z.strictObject(fields).meta({ id: "MediaRequest" });
const listedRequest = z.strictObject({ ...fields, requestedBy: z.string() }).meta({ id: "ListedRequest" });

export const requests = {
  createRequest: operation({
    method: "post",
    path: "/api/v1/requests",
    tag: "requests",
    summary: "Ask for a film or a series",
    access: "user",
    body: newRequest,
    answers: {
      201: { description: "Stored; together with its delivery job unless it awaits approval.", schema: mediaRequest },
    },
    problems: [
      "duplicate-request",
      "quota-exceeded",
      "unknown-title",
      "upstream-bad-response",
      "upstream-unavailable",
      "upstream-unreachable",
      "database-unavailable",
    ],
  }),
  listRequests: operation({
    method: "get",
    path: "/api/v1/requests",
    tag: "requests",
    summary: "List one's own requests, or all users' for callers who may read them, newest first",
    access: "user",
    query: z.strictObject({
      status: z.enum(REQUEST_STATUSES).optional(),
      mediaType: z.enum(MEDIA_TYPES).optional(),
      owner,
      ...paging,
    }),
    answers: { 200: { description: "A page.", schema: pageOf(listedRequest) } },
    problems: ["database-unavailable"],
  }),
  getRequest: operation({
    method: "get",
    path: "/api/v1/requests/{id}",
    tag: "requests",
    summary: "Read a request",
    access: "user",
    params: byId,
    answers: { 200: { description: "The request.", schema: mediaRequest } },
    problems: ["not-found", "database-unavailable"],
  }),
  approveRequest: change("approve", "Let an awaiting request go to work"),
  declineRequest: change("decline", "Turn an awaiting request down"),
  cancelRequest: change("cancel", "Take a request back"),
  retryRequest: change("retry", "Try a failed or cancelled request again"),
};

function change(name: ChangeName, summary: string) {
  return {
    method: "post",
    path: `/api/v1/requests/{id}/${name}`,
    tag: "requests",
    summary,
    access: "user",
    ...(!CHANGES[name].byOwner && { needs: "requests:decide" as const }),
    params: byId,
    answers: { 200: { description: "As it is now.", schema: mediaRequest } },
    problems: ["not-found", "wrong-state", "database-unavailable"],
  } as const;
}
