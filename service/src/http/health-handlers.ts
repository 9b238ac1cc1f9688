import { type Identity, may } from "../auth/roles.ts";
import type { ServiceHealth } from "../resilience/upstream-health.ts";
import type { OutsideService } from "../upstreams/json-api.ts";
import type { Handlers } from "./mount.ts";
import { json } from "./reply.ts";

const NAMES = ["tmdb", "plex", "youtube", "overseerr"] as const satisfies OutsideService[];

export type HealthDeps = Record<OutsideService, { health(): ServiceHealth }>;

export function healthHandlers(deps: HealthDeps) {
  return {
    getServiceHealth: ({ user }) => json(200, { items: NAMES.map((name) => describe(deps, user, name)) }),
  } satisfies Partial<Handlers>;
}

function describe(deps: HealthDeps, user: Identity, name: OutsideService) {
  const { status, ...detail } = deps[name].health();
  return { name, status, ...(may(user, "services:inspect") && detail) };
}
