/** How the service survives one dependency. Times in milliseconds. */
export interface PolicySettings {
  /** What one try may take. */
  attemptMs: number;
  /** Tries after the first; only what failed at once is tried again, and only by what may be repeated. */
  retries: number;
  /** Bounds of the pause before a retry; between them it is jittered. */
  retryDelayMs: { first: number; most: number };
  /** Each failed try costs one, each call earns `perCall`: an outage is not made worse by retries. */
  retryBudget: { burst: number; perCall: number };
  /** Opens after so many failed calls in a row, and lets one through again after the pause. */
  breaker: { failures: number; openMs: number };
  /** Calls at work at once, and calls waiting for their turn. */
  bulkhead: { limit: number; queue: number };
  /** What is done instead. */
  fallback: string;
}

/** A retry would come too late to be of use: these answer from elsewhere instead. */
const redis = {
  attemptMs: 250,
  retries: 0,
  retryDelayMs: { first: 0, most: 0 },
  retryBudget: { burst: 0, perCall: 0 },
  breaker: { failures: 5, openMs: 1_000 },
  bulkhead: { limit: 2_000, queue: 0 },
};

const upstream = {
  attemptMs: 1_500,
  retries: 2,
  retryDelayMs: { first: 50, most: 500 },
  retryBudget: { burst: 30, perCall: 0.2 },
  breaker: { failures: 5, openMs: 5_000 },
  bulkhead: { limit: 32, queue: 32 },
};

/** Every dependency of the service. The order in which a policy works is bulkhead, breaker, retry, timeout. */
export const POLICIES = {
  database: {
    // Reads; a transaction has the longer deadlines of its connection.
    attemptMs: 1_500,
    retries: 2,
    retryDelayMs: { first: 50, most: 250 },
    retryBudget: { burst: 30, perCall: 0.1 },
    breaker: { failures: 5, openMs: 2_000 },
    bulkhead: { limit: 40, queue: 40 },
    fallback: "reads of one request: the last copy in the cache Redis, marked stale; else a problem document",
  },
  "database-replica": {
    attemptMs: 500,
    retries: 0,
    retryDelayMs: { first: 0, most: 0 },
    retryBudget: { burst: 0, perCall: 0 },
    breaker: { failures: 3, openMs: 2_000 },
    bulkhead: { limit: 40, queue: 0 },
    fallback: "the primary",
  },
  "redis-cache": { ...redis, fallback: "the primary" },
  "redis-state": {
    ...redis,
    fallback: "each process counts calls and connections alone; tokens are believed until they run out",
  },
  tmdb: { ...upstream, fallback: "none: a request is not stored under an unchecked title" },
  plex: { ...upstream, fallback: "none: only the library is without it" },
  youtube: { ...upstream, fallback: "none: only trailers are without it" },
  overseerr: {
    ...upstream,
    fallback:
      "downloads stand where they were last seen and are looked for again; what was cancelled is withdrawn later",
  },
} as const satisfies Record<string, PolicySettings>;

export type Dependency = keyof typeof POLICIES;

/** The services that others run. */
export type Upstream = Extract<Dependency, "tmdb" | "plex" | "youtube" | "overseerr">;
