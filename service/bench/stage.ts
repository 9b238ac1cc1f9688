import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { Redis } from "ioredis";
import { createTokens } from "../src/auth/tokens.ts";
import { connectState } from "../src/data/redis/redis.ts";
import { createSessions } from "../src/data/redis/sessions.ts";
import type { MediaRequest } from "../src/data/repositories/requests.ts";
import { createLogger } from "../src/observability/log.ts";
import { createMetrics } from "../src/observability/metrics/metrics.ts";
import { loadConfig } from "../src/process/config.ts";
import { ANY_ERROR, createPolicy } from "../src/resilience/policy.ts";
import { eventually, type Platform, startPlatform } from "../test/platform.ts";
import type { Sent } from "./generator.ts";
import { startTarget, type Target } from "./processes.ts";

const ENTRIES = 200;
/** As many titles as all users ask for; each user can ask for each of them once. */
const TITLES = 50;

/** Real servers with data in them, and what to send to which. */
export interface Stage {
  platform: Platform;
  folder: string;
  /** Reads of requests that are in the cache. */
  reads: Sent[];
  /** Puts them there again, after the cache lost them. */
  fillCache(): Promise<void>;
  /** Pages of the same user's requests. */
  lists: Sent[];
  /** `count` requests that were not made yet. */
  creates(count: number): Promise<Sent[]>;
  program(name: string): Promise<Target>;
  api(changes?: Record<string, string>): Promise<Target>;
  stop(): Promise<void>;
}

export async function openStage(): Promise<Stage> {
  const platform = await startPlatform();
  const sink = await swallow();
  const env = {
    LOG_LEVEL: "info",
    NODE_ENV: "production",
    DEV_TOKEN_FILE: "",
    TRACE_SAMPLE_RATIO: "0.05",
    OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${sink.port}`,
    RATE_LIMIT_PER_MINUTE: "10000000",
    VISITOR_RATE_LIMIT_PER_MINUTE: "10000000",
    REGISTRATION_RATE_LIMIT_PER_HOUR: "10000000",
  };
  const sessions = await openSessions(platform);
  const reader = await sessions.signIn("reader");
  const ids = Array.from({ length: ENTRIES }, () => crypto.randomUUID());
  const fillCache = () => fill(platform, "reader", ids);
  await fillCache();
  const targets: Target[] = [];
  const start = async (name: string, program: string[], changes = {}) => {
    const target = await startTarget(platform.servers.folder, name, platform.env({ ...env, ...changes }), program);
    targets.push(target);
    return target;
  };
  let users = 0;
  return {
    platform,
    folder: platform.servers.folder,
    fillCache,
    reads: ids.map((id) => ({ method: "GET", path: `/api/v1/requests/${id}`, token: reader })),
    lists: [{ method: "GET", path: "/api/v1/requests?limit=20", token: reader }],
    creates: async (count) => {
      const sent: Sent[] = [];
      while (sent.length < count) {
        const token = await sessions.signIn(`asker-${++users}`);
        for (let tmdbId = 1; tmdbId <= TITLES; tmdbId++)
          sent.push({ method: "POST", path: "/api/v1/requests", token, body: { mediaType: "movie", tmdbId } });
      }
      return sent;
    },
    program: (name) => start(name, [join(import.meta.dirname, "target.ts"), name]),
    api: async (changes) => {
      const target = await start(
        `api-${targets.length}`,
        [join(import.meta.dirname, "../src/main.ts"), "api"],
        changes,
      );
      await eventually(async () => {
        const answer = await fetch(`http://127.0.0.1:${target.adminPort}/readyz`);
        if (!answer.ok) throw new Error(await answer.text());
      });
      return target;
    },
    stop: async () => {
      await Promise.all(targets.map((target) => target.stop()));
      sessions.close();
      sink.close();
      await platform.stop();
    },
  };
}

async function openSessions(platform: Platform) {
  const config = loadConfig("api", platform.env());
  const log = createLogger({ process: "api", SERVICE_VERSION: "bench", LOG_LEVEL: "fatal" });
  const redis = connectState(config, log);
  const sessions = createSessions(redis, createPolicy("redis-state", ANY_ERROR, createMetrics("bench")));
  const tokens = createTokens(platform.servers.databasePassword);
  await eventually(() => redis.ping());
  const signIn = async (userId: string) => {
    const { id } = await sessions.open(userId);
    return tokens.sign({ sub: userId, role: "moderator", sid: id });
  };
  return { signIn, close: () => redis.disconnect() };
}

/** Entries without an end: only hits are measured. */
async function fill(platform: Platform, userId: string, ids: readonly string[]): Promise<void> {
  await eventually(() => platform.sql("SELECT 1"));
  const redis = new Redis({ port: platform.servers.cachePort });
  for (const [n, id] of ids.entries()) {
    const createdAt = new Date(1_760_000_000_000 + n).toISOString();
    const request: MediaRequest = {
      id,
      userId,
      status: "pending",
      mediaType: "movie",
      tmdbId: n + 1,
      title: `Title ${n}`,
      createdAt,
    };
    await redis.set(`request:v2:${id}`, JSON.stringify(request));
  }
  redis.disconnect();
}

/** Where traces go: it reads them and forgets them. */
async function swallow(): Promise<{ port: number; close(): void }> {
  const server = createServer((req, res) => void req.resume().once("end", () => res.writeHead(200).end()));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { port: (server.address() as AddressInfo).port, close: () => server.closeAllConnections() };
}
