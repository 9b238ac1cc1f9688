import { type Identity, may } from "../accounts/roles.ts";
import type { OutsideService } from "../clients/json-api.ts";
import type { MediaDeps } from "./media-handlers.ts";
import type { Handlers } from "./mount.ts";
import { json } from "./reply.ts";

const NAMES = ["tmdb", "plex", "youtube", "overseerr"] as const satisfies OutsideService[];
const BRIEF = { "Cache-Control": "private, no-cache" };

export function healthHandlers(deps: MediaDeps) {
  return {
    getServiceHealth: ({ user }) => json(200, { items: NAMES.map((name) => describe(deps, user, name)) }, BRIEF),
  } satisfies Partial<Handlers>;
}

function describe(deps: MediaDeps, user: Identity, name: OutsideService) {
  const { status, ...detail } = deps[name].health();
  return { name, status, ...(may(user, "services:inspect") && detail) };
}
