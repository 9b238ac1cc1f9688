import type { ProblemCode } from "../errors/catalogue.ts";
import type { Dependency } from "../resilience/policies.ts";
import type { OperationId } from "./contract/contract.ts";

/**
 * `works`: as usual. `stale`: from a copy marked stale. `late`: done at once, and published when the dependency is back.
 * Otherwise one of these problems.
 */
export type Degraded = "works" | "stale" | "late" | readonly ProblemCode[];

/** Operations, and a change of a request with its live update. */
type Probed =
  | "liveUpdates"
  | Extract<
      OperationId,
      | "createRequest"
      | "listRequests"
      | "getRequest"
      | "login"
      | "getOpenapi"
      | "discover"
      | "listTrailers"
      | "getLibrary"
      | "getOverseerr"
    >;

const NO_DATABASE = ["database-unavailable", "circuit-open"] as const;
const NOBODY_THERE = ["upstream-unavailable", "upstream-unreachable", "circuit-open"] as const;
const ALL: Record<Probed, Degraded> = {
  createRequest: "works",
  listRequests: "works",
  getRequest: "works",
  login: "works",
  getOpenapi: "works",
  discover: "works",
  listTrailers: "works",
  getLibrary: "works",
  getOverseerr: "works",
  liveUpdates: "works",
};

/**
 * What still works while a dependency is dead, or too slow to be of use; tested for each dependency. Answers of upstreams
 * that are in the cache still work: fresh ones as usual, older ones as copies marked stale.
 */
export const DEGRADATION = {
  database: {
    ...ALL,
    createRequest: NO_DATABASE,
    listRequests: NO_DATABASE,
    getRequest: "stale",
    login: NO_DATABASE,
    liveUpdates: NO_DATABASE,
  },
  "database-replica": ALL,
  "redis-cache": ALL,
  "redis-state": { ...ALL, login: ["sessions-unavailable"], liveUpdates: "late" },
  tmdb: { ...ALL, createRequest: NOBODY_THERE, discover: NOBODY_THERE, listTrailers: NOBODY_THERE },
  plex: { ...ALL, getLibrary: NOBODY_THERE },
  youtube: { ...ALL, listTrailers: NOBODY_THERE },
  overseerr: { ...ALL, getOverseerr: NOBODY_THERE },
} as const satisfies Record<Dependency, Record<Probed, Degraded>>;
