import { randomUUID } from "node:crypto";
import { SpanKind } from "@opentelemetry/api";
import type { Redis } from "ioredis";
import type { Logger } from "../../observability/log.ts";
import type { Metrics } from "../../observability/metrics/metrics.ts";
import { MOST_LAG_SECONDS } from "../../observability/metrics/objectives.ts";
import { inSpan } from "../../observability/tracing.ts";
import { ANY_ERROR, createPolicy, type Policy } from "../../resilience/policy.ts";
import type { MediaRequest } from "../repositories/requests.ts";
import { createSingleFlight } from "./single-flight.ts";
import { parseStored } from "./stored.ts";

/** How long an entry may answer: the bound on staleness if an invalidation is lost. */
const ENTRY_SECONDS = 30;
/**
 * How long after a write only the primary is asked: longer than any replica that answers may lag, by twice, since the
 * lag is measured by two clocks. So what a replica says when the mark has run out is no older than the write.
 */
const WRITE_MARK_SECONDS = 2 * MOST_LAG_SECONDS;
const WRITE_MARK = "written:";
/**
 * There is no such request: the primary said so. Ids are random, so an id is not asked for before it exists. It begins
 * like a write mark: an older version, which runs beside this one in a rollout, then asks the primary.
 */
const NONE = `${WRITE_MARK}never`;
const NONE_SECONDS = 10;
/** Goes up with every change of MediaRequest: two versions that run side by side must not read each other's entries. */
const SHAPE = "v2";

/** How long a copy is kept for the day on which the database does not answer. */
const COPY_SECONDS = 24 * 3_600;

/** Fills the entry only if it still is as the reader found it: a write in between wins. */
const FILL_IF_UNCHANGED = `
local now = redis.call("GET", KEYS[1]) or ""
if now == ARGV[1] then redis.call("SET", KEYS[1], ARGV[2], "EX", ARGV[3]) end
if ARGV[4] ~= "" then redis.call("SET", KEYS[2], ARGV[4], "EX", ARGV[5]) end
return 1`;

/** A reader that came too early knows less than the writer; a reader that found the request knows at least as much. */
const ADD = `
local now = redis.call("GET", KEYS[1])
if not now or now == ARGV[1] then redis.call("SET", KEYS[1], ARGV[2], "EX", ARGV[3]) end
redis.call("SET", KEYS[2], ARGV[4], "EX", ARGV[5], "NX")
return 1`;

/**
 * What a look-up found. `none`: there is no such request. `written`: changed moments ago, so only the primary surely
 * has it. `unreachable`: Redis did not answer, so a change may be unknown.
 */
export type Lookup =
  | { found: "hit"; request: MediaRequest }
  | { found: "none" }
  | { found: "absent"; seen: string }
  | { found: "written"; seen: string }
  | { found: "unreachable" };

export interface Copy {
  request: MediaRequest;
  ageSeconds: number;
}

/**
 * Requests by id in the cache Redis. It never throws: without Redis everything is read from the database.
 */
export interface RequestCache {
  lookup(id: string): Promise<Lookup>;
  /**
   * What `read` brings, once for all who ask at once in this process; kept unless it was written to meanwhile. Who shares
   * found the same and wrote the same: a write in between leaves another mark, and its reader reads anew.
   */
  load(
    lookup: Lookup,
    id: string,
    lastWriteLsn: string | null | undefined,
    read: Read,
  ): Promise<MediaRequest | undefined>;
  /** Keeps a request that was just created, unless someone already knows better. */
  add(request: MediaRequest): Promise<void>;
  /** Marks the request as just written: readers go to the primary, and no older copy can come back. */
  invalidate(id: string): Promise<void>;
  /** The last that was read, however old. */
  copy(id: string): Promise<Copy | undefined>;
}

type Read = () => Promise<MediaRequest | undefined>;

/** One question to the cache Redis, under its policy; undefined where it did not answer. */
export type Ask = <T>(operation: string, work: () => Promise<T>) => Promise<T | undefined>;

/** One policy per connection: what one kind of entry learns of Redis, the others know. */
const policies = new WeakMap<Redis, Policy>();

export function asking(redis: Redis, log: Logger, metrics: Metrics): Ask {
  const policy = policies.get(redis) ?? createPolicy("redis-cache", ANY_ERROR, metrics);
  policies.set(redis, policy);
  return (operation, work) =>
    inSpan(`redis ${operation}`, SPAN, () => policy.once(work)).catch((error: unknown) => {
      log.debug({ err: error, operation }, "the cache did not answer");
      return undefined;
    });
}

const SPAN = { kind: SpanKind.CLIENT, attributes: { "db.system.name": "redis" } };

export function createRequestCache(redis: Redis, log: Logger, metrics: Metrics): RequestCache {
  const attempt = asking(redis, log, metrics);
  const once = createSingleFlight();
  const fill = (id: string, seen: string, request: MediaRequest | undefined) =>
    attempt("fill", () =>
      redis.eval(
        FILL_IF_UNCHANGED,
        2,
        key(id),
        copyKey(id),
        seen,
        request ? JSON.stringify(request) : NONE,
        jittered(request ? ENTRY_SECONDS : NONE_SECONDS),
        request ? copyOf(request) : "",
        COPY_SECONDS,
      ),
    );

  return {
    async lookup(id) {
      const value = await attempt("lookup", () => redis.get(key(id)));
      if (value === undefined) return { found: "unreachable" };
      if (value === null) return { found: "absent", seen: "" };
      if (value === NONE) return { found: "none" };
      if (value.startsWith(WRITE_MARK)) return { found: "written", seen: value };
      const request = parseStored<MediaRequest>(value, (stored) => stored.id === id);
      return request ? { found: "hit", request } : { found: "absent", seen: value };
    },
    load(lookup, id, lastWriteLsn, read) {
      const seen = "seen" in lookup ? lookup.seen : undefined;
      return once(`${id} ${lastWriteLsn} ${seen}`, async () => {
        const request = await read();
        if (seen !== undefined) await fill(id, seen, request);
        return request;
      });
    },
    async add(request) {
      const entry = [JSON.stringify(request), jittered(ENTRY_SECONDS)] as const;
      await attempt("add", () =>
        redis.eval(ADD, 2, key(request.id), copyKey(request.id), NONE, ...entry, copyOf(request), COPY_SECONDS),
      );
    },
    async invalidate(id) {
      // Unique, so that a reader who saw an earlier mark cannot take this one for it.
      await attempt("invalidate", () => redis.set(key(id), WRITE_MARK + randomUUID(), "EX", WRITE_MARK_SECONDS));
    },
    async copy(id) {
      const value = await attempt("copy", () => redis.get(copyKey(id)));
      const kept = value
        ? parseStored<Kept>(value, ({ at, request }) => Number.isFinite(at) && request?.id === id)
        : null;
      if (!kept) return undefined;
      return { request: kept.request, ageSeconds: Math.max(0, Math.round((Date.now() - kept.at) / 1_000)) };
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

interface Kept {
  /** Milliseconds since 1970. */
  at: number;
  request: MediaRequest;
}

function copyOf(request: MediaRequest): string {
  return JSON.stringify({ at: Date.now(), request } satisfies Kept);
}
