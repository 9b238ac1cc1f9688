import { Redis } from "ioredis";
import { createLogger } from "../src/observability/log.ts";
import { loadConfig } from "../src/process/config.ts";
import type { Running } from "../src/process/lifecycle.ts";
import { startDoubles } from "../src/processes/doubles.ts";
import type { Dependency, Upstream } from "../src/resilience/policies.ts";
import { type Platform, setKnobs } from "./platform.ts";
import { startProxy } from "./proxy.ts";
import { STATE_PASSWORD } from "./servers.ts";

export type Trouble = "none" | "dead" | "garbage" | "vanished";

/** An api of which one dependency can be made bad: all others are the platform's, and so are those of other lanes. */
export interface Lane {
  api: Running;
  set(trouble: Trouble): Promise<void>;
  close(): Promise<void>;
}

/** What stands between an api and one of its dependencies. */
interface Between {
  env: Record<string, string>;
  set(trouble: Trouble): Promise<void>;
  close(): Promise<void>;
}

const LIMITS = { LOGIN_RATE_LIMIT_PER_MINUTE: "100000", VISITOR_RATE_LIMIT_PER_MINUTE: "100000" };

/** `number` is of its own database in the cache Redis: what one lane keeps must not answer for another. */
export async function openLane(platform: Platform, name: Dependency | "calm", number: number): Promise<Lane> {
  const cachePort = String(platform.servers.cachePort);
  const between = name === "calm" ? undefined : await BETWEEN[name](platform);
  const { CACHE_PORT = cachePort, ...env } = between?.env ?? {};
  const cache = { REDIS_CACHE_URL: `redis://127.0.0.1:${CACHE_PORT}/${number}` };
  const api = await platform.api({ ...LIMITS, ...cache, ...env });
  return { api, set: async (trouble) => between?.set(trouble), close: async () => between?.close() };
}

const BETWEEN: Record<Dependency, (platform: Platform) => Promise<Between>> = {
  database: ({ servers }) => proxied(servers.pgbouncerPort, (port) => ({ PGPORT: port })),
  // The primary in the replica's place: that it lags is another test's.
  "database-replica": ({ servers }) =>
    proxied(servers.postgresPort, () => ({ PG_RO_DATABASE: "media_replica" }), servers.replicaPort),
  "redis-cache": ({ servers }) => proxied(servers.cachePort, (port) => ({ CACHE_PORT: port })),
  "redis-state": proxiedState,
  tmdb: doubled("tmdb"),
  plex: doubled("plex"),
  youtube: doubled("youtube"),
  overseerr: doubled("overseerr"),
};

async function proxied(target: number, env: (port: string) => Record<string, string>, at?: number): Promise<Between> {
  const proxy = await startProxy(target, at);
  return {
    env: env(String(proxy.port)),
    set: async (trouble) => proxy.set(trouble),
    close: async () => proxy.close(),
  };
}

/** Sentinel tells where the state Redis is: under another name it tells of the proxy. */
async function proxiedState({ servers }: Platform): Promise<Between> {
  const sentinel = new Redis({ port: servers.sentinelPort, password: STATE_PASSWORD });
  const [, statePort] = (await sentinel.call("SENTINEL", "get-master-addr-by-name", "state")) as [string, string];
  const between = await proxied(Number(statePort), (port) => ({ REDIS_STATE_NAME: "proxied", PORT: port }));
  const { PORT = "", ...env } = between.env;
  await sentinel.call("SENTINEL", "MONITOR", "proxied", "127.0.0.1", PORT, "1");
  await sentinel.call("SENTINEL", "SET", "proxied", "auth-pass", STATE_PASSWORD);
  sentinel.disconnect();
  return { ...between, env };
}

const KNOBS: Record<Exclude<Trouble, "vanished">, object> = {
  none: {},
  dead: { errorRate: 1 },
  garbage: { garbage: true },
};

/** Doubles of its own, whose knobs affect no other lane. */
function doubled(service: Upstream): (platform: Platform) => Promise<Between> {
  return async (platform) => {
    const log = createLogger({ process: "doubles", SERVICE_VERSION: "test", LOG_LEVEL: "fatal" });
    const doubles = await startDoubles(loadConfig("doubles", platform.env()), { log });
    const proxy = await startProxy(doubles.httpPort);
    return {
      env: { [`${service.toUpperCase()}_BASE_URL`]: `http://127.0.0.1:${proxy.port}/${service}` },
      set: async (trouble) =>
        trouble === "vanished" ? proxy.set(trouble) : setKnobs(doubles.httpPort, service, KNOBS[trouble]),
      close: async () => {
        proxy.close();
        await doubles.drain();
      },
    };
  };
}
