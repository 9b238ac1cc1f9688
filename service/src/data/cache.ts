import { randomUUID } from "node:crypto";
import { SpanKind } from "@opentelemetry/api";
import type { Redis } from "ioredis";
import type { Logger } from "../log.ts";
import type { Metrics } from "../metrics/metrics.ts";
import { ANY_ERROR, createGuard, type Guard } from "../recovery/guard.ts";
import { inSpan } from "../telemetry.ts";
import type { MediaRequest } from "./requests.ts";

/** How long an entry may answer: the bound on staleness if an invalidation is lost. */
const ENTRY_SECONDS = 30;
/** How long after a write the replica is not trusted: more than the lag at which it should be out of service. */
const WRITE_MARK_SECONDS = 5;
const WRITE_MARK = "written:";
/** Goes up with every change of MediaRequest: two versions that run side by side must not read each other's entries. */
const SHAPE = "v2";

/** How long a copy is kept for the day on which the database does not answer. */
const COPY_SECONDS = 24 * 3_600;

/** Fills the entry only if it still is as the reader found it: a write in between wins. */
const FILL_IF_UNCHANGED = `
redis.call("SET", KEYS[2], ARGV[4], "EX", ARGV[5])
local now = redis.call("GET", KEYS[1]) or ""
if now == ARGV[1] then redis.call("SET", KEYS[1], ARGV[2], "EX", ARGV[3]) end
return 1`;

/**
 * What a look-up found. `written`: changed moments ago, so only the primary surely has it. `unreachable`: Redis did
 * not answer, so nobody knows whether it was changed.
 */
export type Lookup =
  | { found: "hit"; request: MediaRequest }
  | { found: "absent"; seen: string }
  | { found: "written"; seen: string }
  | { found: "unreachable" };

export interface Copy {
  request: MediaRequest;
  ageSeconds: number;
}

/** Requests by id in the cache Redis. It never throws: without Redis everything is read from the database. */
export interface RequestCache {
  lookup(id: string): Promise<Lookup>;
  /** Keeps what was read after `lookup`, unless it was written to meanwhile. */
  fill(lookup: Lookup, request: MediaRequest): Promise<void>;
  /** Keeps a request that was just created, unless someone already knows better. */
  add(request: MediaRequest): Promise<void>;
  /** Marks the request as just written: readers go to the primary, and no older copy can come back. */
  invalidate(id: string): Promise<void>;
  /** The last that was read, however old. */
  copy(id: string): Promise<Copy | undefined>;
}

/** One question to the cache Redis, under its policy; undefined where it did not answer. */
export type Ask = <T>(operation: string, work: () => Promise<T>) => Promise<T | undefined>;

/** One guard per connection: what one kind of entry learns of Redis, the others know. */
const guards = new WeakMap<Redis, Guard>();

export function asking(redis: Redis, log: Logger, metrics: Metrics): Ask {
  const guard = guards.get(redis) ?? createGuard("redis-cache", ANY_ERROR, metrics);
  guards.set(redis, guard);
  return (operation, work) =>
    inSpan(`redis ${operation}`, SPAN, () => guard.once(work)).catch((error: unknown) => {
      log.debug({ err: error, operation }, "the cache did not answer");
      return undefined;
    });
}

const SPAN = { kind: SpanKind.CLIENT, attributes: { "db.system.name": "redis" } };

export function createRequestCache(redis: Redis, log: Logger, metrics: Metrics): RequestCache {
  const attempt = asking(redis, log, metrics);

  return {
    async lookup(id) {
      const value = await attempt("lookup", () => redis.get(key(id)));
      if (value === undefined) return { found: "unreachable" };
      if (value === null) return { found: "absent", seen: "" };
      if (value.startsWith(WRITE_MARK)) return { found: "written", seen: value };
      return { found: "hit", request: JSON.parse(value) as MediaRequest };
    },
    async fill(lookup, request) {
      if (!("seen" in lookup)) return;
      await attempt("fill", () =>
        redis.eval(
          FILL_IF_UNCHANGED,
          2,
          key(request.id),
          copyKey(request.id),
          lookup.seen,
          JSON.stringify(request),
          jittered(ENTRY_SECONDS),
          copyOf(request),
          COPY_SECONDS,
        ),
      );
    },
    async add(request) {
      await attempt("add", () =>
        Promise.all([
          redis.set(key(request.id), JSON.stringify(request), "EX", jittered(ENTRY_SECONDS), "NX"),
          redis.set(copyKey(request.id), copyOf(request), "EX", COPY_SECONDS, "NX"),
        ]),
      );
    },
    async invalidate(id) {
      // Unique, so that a reader who saw an earlier mark cannot take this one for it.
      await attempt("invalidate", () => redis.set(key(id), WRITE_MARK + randomUUID(), "EX", WRITE_MARK_SECONDS));
    },
    async copy(id) {
      const value = await attempt("copy", () => redis.get(copyKey(id)));
      if (!value) return undefined;
      const { at, request } = JSON.parse(value) as { at: number; request: MediaRequest };
      return { request, ageSeconds: Math.max(0, Math.round((Date.now() - at) / 1_000)) };
    },
  };
}

/** Entries that were stored together must not end together. */
const JITTER = 0.1;

export function jittered(seconds: number, random = Math.random): number {
  return Math.round(seconds * (1 - JITTER + 2 * JITTER * random()));
}

function key(id: string): string {
  return `request:${SHAPE}:${id}`;
}

function copyKey(id: string): string {
  return `copy:${key(id)}`;
}

function copyOf(request: MediaRequest): string {
  return JSON.stringify({ at: Date.now(), request });
}
