/** What can limit a stack, in words. Remedies are in remedies.ts. */
export const KINDS = {
  "pool too small": "requests wait for a connection of the api's own pool, while the database has time",
  "pooler too small": "PgBouncer has fewer connections to PostgreSQL than its clients use at once",
  "slow statements": "statements hold their connections for long",
  "missing index": "statements read whole tables",
  locks: "sessions of PostgreSQL wait for each other's locks",
  "slow upstream": "requests wait for a service that others run",
  "cache too small": "the cache throws out what is asked for again",
  queue: "jobs come faster than the workers take them",
  "event loop": "the one thread of a process has no time left",
  "garbage collection": "a process spends its time collecting garbage",
  memory: "a pod is at the limit of its memory",
  throttling: "a CPU limit stops a pod again and again",
  CPU: "the machine has no CPU left",
  disk: "a disk has no time left",
  network: "packets of pods are dropped",
} as const;

export type Kind = keyof typeof KINDS;
