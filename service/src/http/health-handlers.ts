import { type Identity, may } from "../model/roles.ts";
import type { Upstream } from "../resilience/policies.ts";
import type { ServiceHealth } from "../resilience/upstream-health.ts";
import type { Handlers } from "./mount.ts";
import { json } from "./reply.ts";

const NAMES = ["tmdb", "plex", "youtube", "overseerr"] as const satisfies Upstream[];

export type HealthDeps = Record<Upstream, { health(): ServiceHealth }>;

export function healthHandlers(deps: HealthDeps) {
  return {
    getServiceHealth: ({ user }) => json(200, { items: NAMES.map((name) => describe(deps, user, name)) }),
  } satisfies Partial<Handlers>;
}

function describe(deps: HealthDeps, user: Identity, name: Upstream) {
  const { status, ...detail } = deps[name].health();
  return { name, status, ...(may(user, "services:inspect") && detail) };
}
