import { z } from "zod";
import { CLASSES, LAYERS, SOURCES } from "../../errors/kinds.ts";
import { operation } from "./operation.ts";

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

export const documentation = {
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
    tag: "documentation",
    summary: "Every error that the API can answer with",
    access: "public",
    answers: { 200: { description: "The catalogue.", schema: z.strictObject({ problems: z.array(problemEntry) }) } },
  }),
  readProblem: operation({
    method: "get",
    path: "/problems/{code}",
    tag: "documentation",
    summary: "Explain an error's `type`",
    access: "public",
    params: z.strictObject({ code: z.string() }),
    answers: { 200: { description: "The entry; as a page for callers who prefer HTML.", schema: problemEntry } },
  }),
};
