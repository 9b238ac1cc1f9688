import type { Express } from "express";
import type { RateLimit } from "../data/rate-limit.ts";
import { authenticate, limitRate } from "./guards.ts";
import { createHandlers, type HandlerDeps } from "./handlers.ts";
import { mount } from "./mount.ts";

export interface RouteDeps extends HandlerDeps {
  devToken: string | undefined;
  rateLimit: RateLimit;
}

/** Mounts the whole API. */
export function mountRoutes(app: Express, deps: RouteDeps): void {
  const guards = { public: [], user: [authenticate(deps.devToken), limitRate(deps.rateLimit)] };
  mount(app, { pool: deps.database.primary, metrics: deps.metrics, guards }, createHandlers(deps));
}
