import type { Express, RequestHandler, Response } from "express";
import type { RateLimit } from "../data/rate-limit.ts";
import type { MediaRequest } from "../data/requests.ts";
import { type CreateRequestDeps, createRequest } from "../domain/create-request.ts";
import { getRequest } from "../domain/get-request.ts";
import { Problem } from "../errors/problem.ts";
import { authenticate, jsonBody, limitRate } from "./guards.ts";
import { listProblems, readProblem } from "./problem-pages.ts";

export interface RouteDeps extends CreateRequestDeps {
  devToken: string | undefined;
  rateLimit: RateLimit;
}

type Method = "get" | "post";
type Routes = Record<string, Partial<Record<Method, RequestHandler[]>>>;

/** Mounts the whole API: path, methods, and for each the steps a request goes through. */
export function mountRoutes(app: Express, deps: RouteDeps): void {
  const guarded = [authenticate(deps.devToken), limitRate(deps.rateLimit)];
  const routes: Routes = {
    "/api/v1/requests": { post: [...guarded, jsonBody, postRequest(deps)] },
    "/api/v1/requests/:id": { get: [...guarded, readRequest(deps)] },
    "/problems": { get: [listProblems] },
    "/problems/:code": { get: [readProblem] },
  };
  for (const [path, methods] of Object.entries(routes)) {
    const route = app.route(path);
    for (const [method, steps] of Object.entries(methods)) route[method as Method](...steps);
    const allow = Object.keys(methods).flatMap((method) =>
      method === "get" ? ["GET", "HEAD"] : [method.toUpperCase()],
    );
    route.all(() => {
      throw new Problem("method-not-allowed", { headers: { Allow: allow.join(", ") } });
    });
  }
}

function postRequest(deps: CreateRequestDeps): RequestHandler {
  return async (req, res) => {
    const request = await createRequest(deps, userOf(res), req.body);
    res.status(201).location(`/api/v1/requests/${request.id}`).json(present(request));
  };
}

function readRequest(deps: CreateRequestDeps): RequestHandler {
  return async (req, res) => {
    const { request, cached } = await getRequest(deps, userOf(res), String(req.params.id));
    // One user's data: shared caches must not keep it, and the user's own must ask again.
    res.set({ "X-Cache": cached ? "hit" : "miss", "Cache-Control": "private, no-cache" }).json(present(request));
  };
}

function userOf(res: Response): string {
  return res.locals.userId as string;
}

function present({ id, status, mediaType, tmdbId, title, createdAt }: MediaRequest) {
  return { id, status, mediaType, tmdbId, title, createdAt };
}
