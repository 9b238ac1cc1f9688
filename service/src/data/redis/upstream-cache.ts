import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { Redis } from "ioredis";
import { CATALOGUE } from "../../errors/catalogue.ts";
import { toProblem } from "../../errors/problem.ts";
import { type Monitors, recordProblem } from "../../errors/record.ts";
import type { Upstream } from "../../resilience/policies.ts";
import { type Ask, asking, jittered } from "./cache.ts";
import { createSingleFlight } from "./single-flight.ts";
import { parseStored } from "./stored.ts";

/** How long an upstream's answer is used, in seconds. */
export const LIFETIMES = {
  /** A title hardly ever changes its name. */
  title: { source: "tmdb", fresh: 24 * 3_600, kept: 7 * 24 * 3_600, missing: 60 },
  discover: { source: "tmdb", fresh: 300, kept: 24 * 3_600, missing: 60 },
  search: { source: "tmdb", fresh: 300, kept: 24 * 3_600, missing: 60 },
  /** Looked for at TMDB, and at YouTube where that has none. Missing: when YouTube's budget was used up. */
  trailers: { source: "youtube", fresh: 7 * 24 * 3_600, kept: 30 * 24 * 3_600, missing: 600 },
  /** People look there for what they asked for. */
  library: { source: "plex", fresh: 30, kept: 3_600, missing: 30 },
} as const satisfies Record<string, Lifetime>;

export interface Lifetime {
  /** Who gives the answer. */
  source: Upstream;
  /** UpstreamCache without asking again. */
  fresh: number;
  /** UpstreamCache on the day on which the service does not. */
  kept: number;
  /** How long "there is no such thing" is believed: it may come to be. */
  missing: number;
}

export type UpstreamKind = keyof typeof LIFETIMES;

/** An answer; past its lifetime also the seconds since it was compared with its source. */
export interface Cached<T> {
  value: T | undefined;
  ageSeconds?: number;
}

/** Answers of upstreams, shared by all processes through the cache Redis. Without Redis every call is made. */
export interface UpstreamCache {
  /** The stored answer, or that of `load`, which many callers at once make one call of. Undefined: there is none. */
  get<T>(kind: UpstreamKind, key: string, load: () => Promise<T | undefined>): Promise<Cached<T>>;
}

/** Goes up with every change of what is stored. */
const SHAPE = "v1";
/** Longer than a load under its policy may take; a process that died with the lock is waited for no longer. */
const LOCK_MS = 8_000;
/** Between two looks for the answer that another process is loading. */
const LOOK_MS = 40;

const UNLOCK = `if redis.call("GET", KEYS[1]) == ARGV[1] then return redis.call("DEL", KEYS[1]) end return 0`;

interface Entry<T> {
  /** Absent where there is no such thing. */
  value?: T;
  /** Milliseconds since 1970. */
  at: number;
  freshUntil: number;
}

export function createUpstreamCache(redis: Redis, monitors: Monitors): UpstreamCache {
  const { log, metrics } = monitors;
  const ask = asking(redis, log, metrics);
  const once = createSingleFlight();
  const look = async <T>(key: string): Promise<Entry<T> | null | undefined> => {
    const text = await ask("look up answer", () => redis.get(key));
    if (typeof text !== "string") return text;
    return (
      parseStored<Entry<T>>(text, ({ at, freshUntil }) => Number.isFinite(at) && Number.isFinite(freshUntil)) ?? null
    );
  };

  async function find<T>(kind: UpstreamKind, key: string, load: () => Promise<T | undefined>): Promise<Cached<T>> {
    const entry = await look<T>(key);
    metrics.upstreamCacheLookup({
      kind,
      result: entry === undefined ? "unreachable" : isFresh(entry) ? "hit" : "miss",
    });
    if (isFresh(entry)) return { value: entry.value };
    // Redis did not answer: then there is no lock to be had either.
    if (entry === undefined) return { value: await load() };
    return (await loadOnce(kind, key, load)) ?? { value: await load() };
  }

  /** Loads, or waits for the process that does; undefined when that one did not bring an answer. */
  async function loadOnce<T>(kind: UpstreamKind, key: string, load: () => Promise<T | undefined>) {
    const token = randomUUID();
    const won = await ask("lock answer", () => redis.set(`lock:${key}`, token, "PX", LOCK_MS, "NX"));
    if (won === null) return awaitOther<T>(key);
    try {
      const value = await load();
      await store(ask, redis, kind, key, value);
      return { value };
    } finally {
      await ask("unlock answer", () => redis.eval(UNLOCK, 1, `lock:${key}`, token));
    }
  }

  /** Undefined where the lock is gone, or Redis is: then no other process is loading the answer. */
  async function awaitOther<T>(key: string): Promise<Cached<T> | undefined> {
    for (const end = Date.now() + LOCK_MS; Date.now() < end; ) {
      await sleep(LOOK_MS);
      // The lock first: its holder stores before it unlocks.
      const locked = await ask("look at lock", () => redis.exists(`lock:${key}`));
      const entry = await look<T>(key);
      if (isFresh(entry)) return { value: entry.value };
      if (!locked || entry === undefined) return undefined;
    }
    return undefined;
  }

  /** The service failed in spite of its retries: its last answer is better than nothing, if it says what it is. */
  async function fallBack<T>(kind: UpstreamKind, key: string, error: unknown): Promise<Cached<T>> {
    const problem = toProblem(error);
    if (CATALOGUE[problem.code].class !== "system" || problem.code === "internal") throw error;
    const entry = await look<T>(key);
    metrics.fallback({ dependency: LIFETIMES[kind].source, result: entry ? "hit" : "miss" });
    if (!entry) throw error;
    recordProblem(problem, monitors, "answered from a copy", { kind });
    return { value: entry.value as T, ageSeconds: Math.max(0, Math.round((Date.now() - entry.at) / 1_000)) };
  }

  return {
    get<T>(kind: UpstreamKind, key: string, load: () => Promise<T | undefined>) {
      const full = `answer:${SHAPE}:${kind}:${key}`;
      return once(full, () => find(kind, full, load).catch((error: unknown) => fallBack<T>(kind, full, error)));
    },
  };
}

function isFresh<T>(entry: Entry<T> | null | undefined): entry is Entry<T> {
  return entry != null && entry.freshUntil > Date.now();
}

async function store<T>(ask: Ask, redis: Redis, kind: UpstreamKind, key: string, value: T | undefined): Promise<void> {
  const { fresh, kept, missing } = LIFETIMES[kind];
  const seconds = jittered(value === undefined ? missing : fresh);
  const at = Date.now();
  const entry: Entry<T> = { ...(value !== undefined && { value }), at, freshUntil: at + seconds * 1_000 };
  const expiry = value === undefined ? seconds : kept;
  await ask("store answer", () => redis.set(key, JSON.stringify(entry), "EX", expiry));
}
