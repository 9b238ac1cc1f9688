import type { Redis } from "ioredis";
import { createRequestCache } from "../../data/redis/cache.ts";
import { createUpstreamCache } from "../../data/redis/upstream-cache.ts";
import type { MediaRequest } from "../../data/repositories/requests.ts";
import type { Monitors } from "../../errors/record.ts";

/** The cache Redis, as the playbook that warms it needs it. */
export interface Warmable {
  /** Share of its memory in use; 0 where it has no limit. @throws what ioredis does where it does not answer */
  usedShare(): Promise<number>;
  /** Those of the requests of which the cache has no copy. */
  without(requests: readonly MediaRequest[]): Promise<MediaRequest[]>;
  /** Puts a request and its title where nothing is; what users' calls put there stays. */
  warm(request: MediaRequest): Promise<void>;
}

export function createWarmable(redis: Redis, monitors: Monitors): Warmable {
  const requests = createRequestCache(redis, monitors.log, monitors.metrics);
  const answers = createUpstreamCache(redis, monitors);
  return {
    async usedShare() {
      const info = await redis.info("memory");
      const field = (name: string) => Number(new RegExp(`^${name}:(\\d+)`, "m").exec(info)?.[1] ?? 0);
      const most = field("maxmemory");
      return most > 0 ? field("used_memory") / most : 0;
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
