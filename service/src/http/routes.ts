import type { Express } from "express";
import type { CallerDeps } from "../auth/callers.ts";
import type { Database } from "../data/postgres/database.ts";
import type { RateLimit } from "../data/redis/rate-limit.ts";
import type { Identity } from "../model/roles.ts";
import type { Logger } from "../observability/log.ts";
import type { Metrics } from "../observability/metrics/metrics.ts";
import { countForgery, limitVisitor, requireUser } from "./auth-middleware.ts";
import { type Handlers, mount } from "./mount.ts";
import { requireSignature } from "./signed.ts";

export interface RouteDeps extends CallerDeps {
  database: Database;
  metrics: Metrics;
  log: Pick<Logger, "info">;
  /** Calls per address that report page timings: they must not use up the tries to sign in. */
  beaconLimit: RateLimit;
  /** Keys that sign the payment provider's events: one, or two while it is being changed. */
  webhookKeys: readonly string[];
}

/** Mounts the whole API. */
export function mountRoutes(app: Express, deps: RouteDeps, handlers: Handlers): void {
  const { database, metrics, log, visitorLimit, beaconLimit, activity, readYourWrites } = deps;
  // The gateway is the one proxy in front: the address it saw is the caller's.
  app.set("trust proxy", 1);
  const access = {
    public: [],
    visitor: [limitVisitor("address", visitorLimit, activity)],
    beacon: [limitVisitor("beacon", beaconLimit, activity)],
    webhook: requireSignature(deps.webhookKeys, countForgery(visitorLimit)),
    user: [requireUser(deps)],
  };
  const wrote = ({ id }: Identity) => readYourWrites.mark(id, database.lastCommitLsn());
  mount(app, { database, metrics, log, access, wrote }, handlers);
}
