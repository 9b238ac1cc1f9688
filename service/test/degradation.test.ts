import { Redis } from "ioredis";
import pg from "pg";
import { DEGRADATION, type Degraded } from "../src/http/degradation.ts";
import type { Running } from "../src/process/lifecycle.ts";
import type { Dependency, Upstream } from "../src/resilience/policies.ts";
import { type Answer, call, PASSWORD, person, post, postAs } from "./calls.ts";
import { connectionTo, eventually, type Platform, readableLog, startPlatform } from "./platform.ts";
import { changeAndHear, type Probes } from "./probes.ts";
import type { ServerName } from "./servers.ts";
import { closeClients } from "./sockets.ts";
import { LEAST_TROUBLE, troubleSeen } from "./trouble-seen.ts";

let platform: Platform;
let api: Running;
let redis: Redis;
let email: string;
const { log } = readableLog("api");
let nextId = 70_000;

beforeAll(async () => {
  platform = await startPlatform();
  api = await platform.api({ LOGIN_RATE_LIMIT_PER_MINUTE: "1000" }, { log });
  redis = new Redis({
    port: platform.servers.cachePort,
    commandTimeout: 100,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
  });
  redis.on("error", () => {});
  ({ email } = await person(api.httpPort, "constant"));
});
afterAll(async () => {
  redis?.disconnect();
  await platform?.stop();
});

const wish = () => ({ mediaType: "movie", tmdbId: ++nextId });
const login = () => postAs(api.httpPort, "", "/api/v1/auth/login", { email, password: PASSWORD });
const read = (id: string) => call(api.httpPort, `/api/v1/requests/${id}`);
/** As if its 30 s were over: only the copy is left. */
const expire = (id: string) => redis.del(`request:v2:${id}`).catch(() => {});
/** Not asked for before: cached answers are tested in caches.test.ts. */
const unheard = async (path: string) => {
  const kept = await redis.keys("answer:*").catch(() => []);
  if (kept.length > 0) await redis.del(...kept).catch(() => {});
  return call(api.httpPort, `/api/v1/${path}`);
};
const isReady = () =>
  eventually(async () => expect((await call(api.adminPort, "/readyz")).body).toEqual({ status: "ready" }));
const isWell = () =>
  eventually(async () => {
    await isReady();
    expect((await post(api.httpPort, wish())).status).toBe(201);
    expect((await login()).status).toBe(201);
    for (const path of ["requests?limit=1", "library", "admin/overseerr", "titles/movie/1603/trailers"])
      expect((await unheard(path)).status).toBe(200);
  });

const WARM_UP = ["createRequest", "listRequests", "listTrailers", "getLibrary", "getOverseerr"] as const;

/** How each dependency is broken and mended. */
const BREAK: Record<Dependency, Record<"dead" | "slow", () => Promise<() => Promise<unknown>>>> = {
  database: server("pgbouncer"),
  "database-replica": {
    dead: () => withReplica("media_nowhere"),
    slow: slowReplica,
  },
  "redis-cache": server("cache"),
  "redis-state": server("state"),
  tmdb: double("tmdb"),
  plex: double("plex"),
  youtube: double("youtube"),
  overseerr: double("overseerr"),
};

const cases = (Object.keys(DEGRADATION) as Dependency[]).flatMap((name) => [
  [name, "dead"] as const,
  [name, "slow"] as const,
]);
/**
 * By how much longer than before a route may take which is not affected, once the circuit has seen what is the matter:
 * less than one try of PostgreSQL or an upstream. A login alone takes as long on a busy machine, for its hashing.
 * Other tests run beside it; how quick it is, `make bench` measures.
 */
const UNAFFECTED_MS = 1_000;
/** What a route takes at most without trouble, on a machine that is not too busy: a login's hashing. */
const WELL_MS = 300;

describe("what still works", () => {
  test.each(cases)(
    "with %s %s",
    async (name, how) => {
      await isWell();
      const { body } = await post(api.httpPort, wish());
      await expire(body.id);
      const probes: Probes = {
        createRequest: () => post(api.httpPort, wish()),
        listRequests: () => call(api.httpPort, "/api/v1/requests?limit=1"),
        getRequest: () => read(body.id),
        login,
        getOpenapi: () => call(api.httpPort, "/api/v1/openapi.json"),
        discover: () => unheard("discover?mediaType=movie"),
        listTrailers: () => unheard("titles/movie/1603/trailers"),
        getLibrary: () => unheard("library"),
        getOverseerr: () => call(api.httpPort, "/api/v1/admin/overseerr"),
        liveUpdates: () => changeAndHear(api.httpPort, body.id),
      };
      const well: Record<string, number> = {};
      for (const [probe, ask] of Object.entries(probes)) well[probe] = (await quickest(ask, WELL_MS)).ms;
      const mend = await BREAK[name][how]();
      try {
        const before = await troubleSeen(api.adminPort, name);
        // Enough for every circuit to open.
        await Promise.all(Array.from({ length: 6 }, () => Promise.all(WARM_UP.map((probe) => probes[probe]()))));
        for (let n = 0; n < 4; n++) {
          await expire(body.id);
          await probes.getRequest();
        }
        await expire(body.id);
        const surprises: unknown[] = [];
        for (const [probe, ask] of Object.entries(probes)) {
          const expected: Degraded = DEGRADATION[name][probe as keyof typeof probes];
          const usual = well[probe] as number;
          const { answer, ms } = await quickest(ask, expected === "works" ? usual + UNAFFECTED_MS : Infinity);
          const { status, body: seen } = answer;
          const longer = ms - usual;
          if (!fits(expected, answer, longer)) surprises.push({ probe, expected, longer, status, code: seen.code });
        }
        expect(surprises).toEqual([]);
        // Had the trouble not arrived, all of it would have worked as well.
        expect((await troubleSeen(api.adminPort, name)) - before).toBeGreaterThanOrEqual(LEAST_TROUBLE);
      } finally {
        closeClients();
        await mend();
      }
    },
    90_000,
  );
});

/** The first answer, and the least time of up to three: a wait for what is away is in each of them, a busy machine is not. */
async function quickest(ask: () => Promise<Answer>, enoughMs: number): Promise<{ answer: Answer; ms: number }> {
  const answers: Answer[] = [];
  let ms = Infinity;
  do {
    const started = performance.now();
    answers.push(await ask());
    ms = Math.min(ms, Math.round(performance.now() - started));
  } while (ms >= enoughMs && answers.length < 3);
  return { answer: answers[0] as Answer, ms };
}

function fits(expected: Degraded, { status, headers, body }: Answer, longerMs: number): boolean {
  const stale = headers.get("warning")?.startsWith("110") ?? false;
  if (expected === "works") return status < 300 && !stale && !body.late && longerMs < UNAFFECTED_MS;
  if (expected === "late") return status === 200 && body.late;
  if (expected === "stale") return status === 200 && stale;
  return status >= 500 && expected.includes(body.code);
}

function server(name: ServerName) {
  return {
    dead: async () => {
      await platform.servers.kill(name);
      return () => platform.servers.restart(name);
    },
    slow: async () => {
      platform.servers.freeze(name, true);
      return async () => platform.servers.freeze(name, false);
    },
  };
}

function double(name: Upstream) {
  const set = (knobs: object) => async () => {
    await platform.knobs(knobs, name);
    return () => platform.knobs({}, name);
  };
  return { dead: set({ errorRate: 1 }), slow: set({ latencyMs: 30_000 }) };
}

/** Points the probes at an api whose replica is broken, and back. */
async function withReplica(database: string): Promise<() => Promise<unknown>> {
  const usual = api;
  api = await platform.api({ PG_RO_DATABASE: database, LOGIN_RATE_LIMIT_PER_MINUTE: "1000" }, { log });
  await isReady();
  return async () => {
    api = usual;
  };
}

/** A database in which every read takes half a minute. */
async function slowReplica(): Promise<() => Promise<unknown>> {
  const connection = connectionTo(platform.servers);
  const admin = new pg.Client({ ...connection, user: "postgres", database: "postgres" });
  await admin.connect();
  await admin.query(`CREATE DATABASE media_slow OWNER ${connection.user}`);
  await admin.end();
  const slow = new pg.Client({ ...connection, database: "media_slow" });
  await slow.connect();
  await slow.query(`CREATE VIEW requests AS SELECT gen_random_uuid() AS id, '' AS user_id, '' AS status,
    '' AS media_type, 1 AS tmdb_id, '' AS title, now() AS created_at FROM pg_sleep(30)`);
  await slow.end();
  return withReplica("media_slow");
}
