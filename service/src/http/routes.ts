import type { Express } from "express";
import { admitUser, admitVisitor, countForgery, type GuardDeps } from "../auth/middleware.ts";
import type { Identity } from "../auth/roles.ts";
import { createHandlers, type HandlerDeps } from "./handlers.ts";
import { mount } from "./mount.ts";
import { admitSigned } from "./signed.ts";

export interface RouteDeps extends HandlerDeps, GuardDeps {
  /** That sign the payment provider's events: one, or two while it is being changed. */
  webhookKeys: readonly string[];
}

/** Mounts the whole API. */
export function mountRoutes(app: Express, deps: RouteDeps): void {
  // The gateway is the one proxy in front: the address it saw is the caller's.
  app.set("trust proxy", 1);
  const guards = {
    public: [],
    visitor: [admitVisitor("address", deps.visitorLimit, deps.activity)],
    beacon: [admitVisitor("beacon", deps.beaconLimit, deps.activity)],
    webhook: admitSigned(deps.webhookKeys, countForgery(deps.visitorLimit)),
    user: [admitUser(deps)],
  };
  const wrote = ({ id }: Identity) => deps.written.mark(id, deps.database.position());
  mount(app, { pool: deps.database.primary, metrics: deps.metrics, guards, wrote }, createHandlers(deps));
}
