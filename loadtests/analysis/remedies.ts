import type { Kind } from "./kinds.ts";

/** A change of a stack's configuration that may help. */
export interface ConfigRemedy {
  /** Key of the stack's configuration, without the project's name. */
  readonly key: string;
  /** What the value is multiplied by; the result is rounded up, and at least one more than it was. */
  readonly factor: number;
  /** Highest value that is tried. */
  readonly most: number;
  readonly why: string;
}

/** What only people can do: a change of code or of what others run. */
export interface Advice {
  readonly advice: string;
  /** Command that shows more. */
  readonly see?: string;
}

export type Remedy = ConfigRemedy | Advice;

const morePods: ConfigRemedy = {
  key: "sizes.api.replicas",
  factor: 2,
  most: 6,
  why: "each process has one thread",
};
const cpuProfile: Advice = {
  advice: "look for the function that takes the time",
  see: "make profile KIND=cpu TARGET=api",
};

/** The catalogue: what is tried against each kind of bottleneck, the likeliest first. */
export const REMEDIES: Readonly<Record<Kind, readonly Remedy[]>> = {
  "pool too small": [
    { key: "sizes.api.poolMax", factor: 4, most: 24, why: "more requests can be at the database at once" },
    { ...morePods, why: "each pod has a pool of its own" },
  ],
  "pooler too small": [
    { key: "sizes.pgbouncer.poolSize", factor: 2, most: 40, why: "more transactions can run at once" },
  ],
  "slow statements": [
    { advice: "look at the worst statements and their plans", see: "make profile KIND=sql TARGET=postgres" },
  ],
  "missing index": [
    {
      advice: "add an index for what is read row by row, as a migration in service/migrations",
      see: "make profile KIND=sql TARGET=postgres",
    },
  ],
  locks: [
    {
      advice: "shorten the transactions that hold the locks: what they do between their statements",
      see: "make profile KIND=sql TARGET=postgres",
    },
  ],
  "slow upstream": [
    { key: "sizes.redisCache.memoryMi", factor: 2, most: 512, why: "more of its answers stay in the cache" },
    {
      advice:
        "ask it less: service/src/upstreams has deadlines, and data/redis/upstream-cache.ts how long answers stay",
    },
  ],
  "cache too small": [
    { key: "sizes.redisCache.memoryMi", factor: 2, most: 1_024, why: "what is asked for again is still there" },
  ],
  queue: [
    { key: "sizes.worker.replicas", factor: 2, most: 6, why: "more workers take jobs" },
    { key: "sizes.worker.poolMax", factor: 2, most: 16, why: "a worker finishes jobs sooner" },
  ],
  "event loop": [morePods, cpuProfile],
  "garbage collection": [
    { key: "sizes.api.memoryMi", factor: 2, most: 1_024, why: "the heap is collected less often" },
    { advice: "look for what allocates", see: "make profile KIND=memory TARGET=api" },
  ],
  memory: [
    { key: "sizes.api.memoryMi", factor: 2, most: 1_024, why: "the pod needs more than it may have" },
    { advice: "look for what is kept", see: "make profile KIND=memory TARGET=api" },
  ],
  throttling: [{ advice: "remove the CPU limit: workloads of this program have none (infra/lib/workload.types.ts)" }],
  CPU: [
    { advice: "give the cluster more cores, or take load away; more pods on the same cores do not help" },
    cpuProfile,
  ],
  network: [
    {
      advice:
        "send less: the gateway's gzip_types and caching, the sizes of pages; and look at the node's queues and its link",
      see: "make profile KIND=network TARGET=gateway",
    },
  ],
  disk: [{ advice: "look at what reads and writes", see: "make profile KIND=io TARGET=postgres" }],
};

export const isConfig = (remedy: Remedy): remedy is ConfigRemedy => "key" in remedy;

/** The next value to try; undefined where the most is reached. */
export function nextValue({ factor, most }: ConfigRemedy, value: number): number | undefined {
  const next = Math.min(most, Math.max(value + 1, Math.ceil(value * factor)));
  return next > value ? next : undefined;
}

/** "raise sizes.api.poolMax: more requests can be at the database at once" */
export function inWords(remedy: Remedy): string {
  if (isConfig(remedy)) return `raise ${remedy.key}: ${remedy.why}`;
  return remedy.see ? `${remedy.advice} (${remedy.see})` : remedy.advice;
}
