import { z } from "zod";
import { newRequest } from "../domain/create-request.ts";
import { MEDIA_TYPES } from "../domain/media.ts";
import { CLASSES, LAYERS, type ProblemCode, SOURCES } from "../errors/catalogue.ts";

/** One operation of the API. Routes, checks of what comes in, and the OpenAPI document are all made from it. */
export interface Operation {
  method: "get" | "post";
  /** As OpenAPI writes it: `/requests/{id}`. */
  path: string;
  tag: string;
  summary: string;
  access: "public" | "user";
  /** A path that does not fit is a path that does not exist. */
  params?: z.ZodObject;
  query?: z.ZodObject;
  body?: z.ZodObject;
  answers: Record<number, { description: string; schema?: z.ZodType; type?: string }>;
  /** Besides those that its access, body and method bring with them. */
  problems?: readonly ProblemCode[];
}

const operation = <const O extends Operation>(it: O) => it;

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
export const id = z.string().regex(UUID).meta({ description: "A UUID in lower case." });

export const mediaRequest = z
  .strictObject({
    id,
    status: z.enum(["pending", "available"]),
    mediaType: z.enum(MEDIA_TYPES),
    tmdbId: z.int(),
    title: z.string(),
    createdAt: z.iso.datetime(),
  })
  .meta({ id: "MediaRequest" });

const problemEntry = z
  .strictObject({
    type: z.string(),
    code: z.string(),
    status: z.int(),
    class: z.enum(CLASSES),
    source: z.enum(SOURCES),
    layer: z.enum(LAYERS),
    title: z.string(),
    remedy: z.string(),
  })
  .meta({ id: "ProblemEntry" });

export const CONTRACT = {
  createRequest: operation({
    method: "post",
    path: "/api/v1/requests",
    tag: "requests",
    summary: "Ask for a film or a series",
    access: "user",
    body: newRequest,
    answers: { 201: { description: "Stored together with its delivery job.", schema: mediaRequest } },
    problems: [
      "duplicate-request",
      "unknown-title",
      "upstream-bad-response",
      "upstream-unavailable",
      "upstream-unreachable",
      "database-unavailable",
    ],
  }),
  getRequest: operation({
    method: "get",
    path: "/api/v1/requests/{id}",
    tag: "requests",
    summary: "Read a request of one's own",
    access: "user",
    params: z.strictObject({ id }),
    answers: { 200: { description: "The request.", schema: mediaRequest } },
    problems: ["not-found", "database-unavailable"],
  }),
  getOpenapi: operation({
    method: "get",
    path: "/api/v1/openapi.json",
    tag: "documentation",
    summary: "This API as an OpenAPI 3.1 document",
    access: "public",
    answers: { 200: { description: "The document.", schema: z.looseObject({ openapi: z.literal("3.1.0") }) } },
  }),
  getDocs: operation({
    method: "get",
    path: "/api/v1/docs",
    tag: "documentation",
    summary: "The same for people",
    access: "public",
    answers: { 200: { description: "A page.", schema: z.string(), type: "text/html" } },
  }),
  listProblems: operation({
    method: "get",
    path: "/problems",
    tag: "problems",
    summary: "Every error that the API can answer with",
    access: "public",
    answers: {
      200: { description: "The catalogue.", schema: z.strictObject({ problems: z.array(problemEntry) }) },
    },
  }),
  readProblem: operation({
    method: "get",
    path: "/problems/{code}",
    tag: "problems",
    summary: "Explain an error's `type`",
    access: "public",
    params: z.strictObject({ code: z.string() }),
    answers: {
      200: { description: "The entry; as a page for whoever prefers HTML.", schema: problemEntry },
    },
    problems: ["not-found"],
  }),
};

export type Contract = typeof CONTRACT;
export type OperationId = keyof Contract;
