import type { Redis } from "ioredis";
import { createRequestCache } from "../../data/redis/cache.ts";
import { createUpstreamCache } from "../../data/redis/upstream-cache.ts";
import type { MediaRequest } from "../../data/repositories/requests.ts";
import type { Monitors } from "../../errors/record.ts";

/** The cache Redis, as the playbooks that warm it and shed some of it need it. */
export interface CacheAccess {
  /** Share of its memory in use; 0 where it has no limit. @throws what ioredis does where it does not answer */
  usedShare(): Promise<number>;
  /** Those of the requests of which the cache has no copy. */
  without(requests: readonly MediaRequest[]): Promise<MediaRequest[]>;
  /** Puts a request and its title where nothing is; what users' calls put there stays. */
  warm(request: MediaRequest): Promise<void>;
  /** How many entries it has, and how many of them may be shed. */
  entries(): Promise<{ all: number; sheddable: number }>;
  /** Removes entries that may be shed until no more of the memory is in use, or so many are gone; says how many went. */
  shed(untilShare: number, most: number): Promise<number>;
}

/**
 * What is kept for long and asked for seldom, in the order in which it goes: copies for the day on which the database does
 * not answer, and answers to searches. What is asked for again is found where it came from.
 */
const SHEDDABLE = ["copy:request:*", "answer:*:search:*"] as const;
/** Entries of one look at Redis: users' commands go between two of them. */
const BATCH = 200;

export function createCacheAccess(redis: Redis, monitors: Monitors): CacheAccess {
  const requests = createRequestCache(redis, monitors.log, monitors.metrics);
  const answers = createUpstreamCache(redis, monitors);
  async function usedShare(): Promise<number> {
    const info = await redis.info("memory");
    const field = (name: string) => Number(new RegExp(`^${name}:(\\d+)`, "m").exec(info)?.[1] ?? 0);
    const most = field("maxmemory");
    return most > 0 ? field("used_memory") / most : 0;
  }
  /** Keys of a pattern, a batch at a time. */
  async function* scanned(pattern: string): AsyncGenerator<string[]> {
    let cursor = "0";
    do {
      const [next, keys] = await redis.scan(cursor, "MATCH", pattern, "COUNT", BATCH);
      yield keys;
      cursor = next;
    } while (cursor !== "0");
  }
  return {
    usedShare,
    async entries() {
      let sheddable = 0;
      for (const pattern of SHEDDABLE) for await (const keys of scanned(pattern)) sheddable += keys.length;
      return { all: await redis.dbsize(), sheddable };
    },
    async shed(untilShare, most) {
      let gone = 0;
      for (const pattern of SHEDDABLE) {
        for await (const keys of scanned(pattern)) {
          if (gone >= most || (await usedShare()) <= untilShare) return gone;
          const now = keys.slice(0, most - gone);
          if (now.length > 0) gone += await redis.unlink(...now);
        }
      }
      return gone;
    },
    async without(all) {
      const copies = await Promise.all(all.map(({ id }) => requests.copy(id)));
      return all.filter((_, index) => copies[index] === undefined);
    },
    async warm(request) {
      await requests.add(request);
      await answers.get("title", `${request.mediaType}:${request.tmdbId}`, async () => request.title);
    },
  };
}
