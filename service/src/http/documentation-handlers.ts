import { docsPage } from "./docs-page.ts";
import { PAGE_HEADERS } from "./html.ts";
import type { Handlers } from "./mount.ts";
import { openapi } from "./openapi.ts";
import { listProblems, readProblem } from "./problem-pages.ts";
import { html, json } from "./reply.ts";

/** @param version - the service's version, for the documents */
export function documentationHandlers(version: string) {
  const document = json(200, openapi(version));
  const docs = html(docsPage(version), PAGE_HEADERS);
  return { getOpenapi: () => document, getDocs: () => docs, listProblems, readProblem } satisfies Partial<Handlers>;
}
