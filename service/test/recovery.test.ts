import { Redis } from "ioredis";
import pg from "pg";
import type { OutsideService } from "../src/clients/json-api.ts";
import type { Running } from "../src/lifecycle.ts";
import { ERRORS_TOTAL, FALLBACKS_TOTAL, RETRIES_TOTAL } from "../src/metrics/names.ts";
import { DEGRADATION, type Degraded } from "../src/recovery/degradation.ts";
import type { Dependency } from "../src/recovery/policies.ts";
import {
  type Answer,
  call,
  DEV_TOKEN,
  eventually,
  metric,
  PASSWORD,
  type Platform,
  person,
  post,
  postAs,
  readableLog,
  startPlatform,
} from "./platform.ts";
import type { ServerName } from "./servers.ts";
import { client, closeClients } from "./sockets.ts";

let platform: Platform;
let api: Running;
let redis: Redis;
const { log, lines } = readableLog("api");
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
});
afterAll(async () => {
  redis?.disconnect();
  await platform?.stop();
});

const wish = () => ({ mediaType: "movie", tmdbId: ++nextId });
const read = (id: string) => call(api.httpPort, `/api/v1/requests/${id}`);
/** As if its 30 s were over: only the copy is left. */
const expire = (id: string) => redis.del(`request:v2:${id}`).catch(() => {});
const isReady = () =>
  eventually(async () => expect((await call(api.adminPort, "/readyz")).body).toEqual({ status: "ready" }));
const isWell = () =>
  eventually(async () => {
    await isReady();
    expect((await post(api.httpPort, wish())).status).toBe(201);
    expect((await person(api.httpPort, "well")).token).toEqual(expect.any(String));
    for (const path of ["requests?limit=1", "library", "admin/overseerr", "titles/movie/603/trailers"])
      expect((await call(api.httpPort, `/api/v1/${path}`)).status).toBe(200);
  });

describe("the recovery sequence", () => {
  test("database error, retry, success: nobody notices, the retry is counted", async () => {
    const { body } = await post(api.httpPort, wish());
    await expire(body.id);
    const sample = `${RETRIES_TOTAL}{dependency="database"}`;
    const before = await metric(api.adminPort, sample);
    // The connections in the pool are dead now, and the pooler is back before they are used.
    await platform.servers.kill("pgbouncer");
    await platform.servers.restart("pgbouncer");
    await platform.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'media-api'");
    expect(await call(api.httpPort, "/api/v1/requests?limit=1")).toMatchObject({ status: 200 });
    await platform.servers.kill("pgbouncer");
    const listed = call(api.httpPort, "/api/v1/requests?limit=1");
    await platform.servers.restart("pgbouncer");
    await listed;
    expect(await metric(api.adminPort, sample)).toBeGreaterThan(before);
    await isWell();
  });

  test("retries used up: the copy, marked stale and with its age, logged and counted; without one a problem", async () => {
    const [kept, lost] = [await post(api.httpPort, wish()), await post(api.httpPort, wish())];
    await Promise.all([expire(kept.body.id), expire(lost.body.id), redis.del(`copy:request:v2:${lost.body.id}`)]);
    await platform.servers.kill("pgbouncer");

    const stale = await read(kept.body.id);
    expect(stale).toMatchObject({ status: 200, body: kept.body });
    expect(stale.headers.get("warning")).toBe('110 - "Response is Stale"');
    expect(Number(stale.headers.get("age"))).toBeGreaterThanOrEqual(0);
    expect(stale.headers.get("x-cache")).toBe("stale");
    const id = stale.headers.get("x-request-id");
    const logged = lines.filter((line) => line.level === "error" && line.request_id === id);
    expect(logged).toEqual([expect.objectContaining({ msg: "answered from a copy", code: "database-unavailable" })]);
    expect(await metric(api.adminPort, `${FALLBACKS_TOTAL}{dependency="database",result="hit"}`)).toBe(1);

    const problem = await read(lost.body.id);
    expect(problem).toMatchObject({ status: 503, body: { code: "database-unavailable" } });
    expect(await metric(api.adminPort, `${FALLBACKS_TOTAL}{dependency="database",result="miss"}`)).toBe(1);
    const sample = `${ERRORS_TOTAL}{code="database-unavailable",class="system",layer="database",source="database"}`;
    expect(await metric(api.adminPort, sample)).toBeGreaterThanOrEqual(2);
  });

  test("the circuit opens: 503 with Retry-After at once, and closes when the database is back", async () => {
    await eventually(async () => expect((await post(api.httpPort, wish())).body.code).toBe("circuit-open"));
    const started = performance.now();
    const answer = await post(api.httpPort, wish());
    expect(performance.now() - started).toBeLessThan(500);
    expect(answer).toMatchObject({ status: 503, body: { code: "circuit-open", dependency: "database" } });
    expect(Number(answer.headers.get("retry-after"))).toBeGreaterThan(0);
    await platform.servers.restart("pgbouncer");
    await isWell();
  });

  test("another's copy is not shown either", async () => {
    const [owner, other] = [await person(api.httpPort, "owner"), await person(api.httpPort, "other")];
    const { body } = await postAs(api.httpPort, owner.token, "/api/v1/requests", wish());
    await expire(body.id);
    await platform.servers.kill("pgbouncer");
    const ask = (token: string) =>
      call(api.httpPort, `/api/v1/requests/${body.id}`, { headers: { authorization: `Bearer ${token}` } });
    expect((await ask(owner.token)).headers.get("x-cache")).toBe("stale");
    expect((await ask(other.token)).status).toBe(404);
    await platform.servers.restart("pgbouncer");
    await isWell();
  });
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
/** Longest that a route which is not affected may take once the circuit has seen what is the matter. */
const UNAFFECTED_MS = 500;

describe("what still works", () => {
  test.each(cases)(
    "with %s %s",
    async (name, how) => {
      await isWell();
      const { email } = await person(api.httpPort, "constant");
      const { body } = await post(api.httpPort, wish());
      await expire(body.id);
      const probes: Record<keyof (typeof DEGRADATION)["tmdb"], () => Promise<Answer>> = {
        createRequest: () => post(api.httpPort, wish()),
        listRequests: () => call(api.httpPort, "/api/v1/requests?limit=1"),
        getRequest: () => read(body.id),
        login: () => postAs(api.httpPort, "", "/api/v1/auth/login", { email, password: PASSWORD }),
        getOpenapi: () => call(api.httpPort, "/api/v1/openapi.json"),
        discover: () => call(api.httpPort, "/api/v1/discover?mediaType=movie"),
        listTrailers: () => call(api.httpPort, "/api/v1/titles/movie/603/trailers"),
        getLibrary: () => call(api.httpPort, "/api/v1/library"),
        getOverseerr: () => call(api.httpPort, "/api/v1/admin/overseerr"),
        liveUpdates: () => changeAndHear(body.id),
      };
      const mend = await BREAK[name][how]();
      try {
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
          const { answer, ms } = await quickest(ask);
          const { status, body: seen } = answer;
          if (!fits(expected, answer, ms)) surprises.push({ probe, expected, ms, status, code: seen.code });
        }
        expect(surprises).toEqual([]);
      } finally {
        closeClients();
        await mend();
      }
    },
    90_000,
  );
});

/** The first answer, and the least time of three: a wait for what is away is in each of them, a busy machine is not. */
async function quickest(ask: () => Promise<Answer>): Promise<{ answer: Answer; ms: number }> {
  const answers: Answer[] = [];
  let ms = Number.POSITIVE_INFINITY;
  for (let n = 0; n < 3; n++) {
    const started = performance.now();
    answers.push(await ask());
    ms = Math.min(ms, Math.round(performance.now() - started));
  }
  return { answer: answers[0] as Answer, ms };
}

function fits(expected: Degraded, { status, headers, body }: Answer, ms: number): boolean {
  const stale = headers.get("warning")?.startsWith("110") ?? false;
  if (expected === "works") return status < 300 && !stale && !body.late && ms < UNAFFECTED_MS;
  if (expected === "late") return status === 200 && body.late;
  if (expected === "stale") return status === 200 && stale;
  return status >= 500 && expected.includes(body.code);
}

/** How long an update is waited for before it is late. */
const HEARING_MS = 2_000;

/** Takes the request back or tries it again, and waits for the live update of that. */
async function changeAndHear(id: string): Promise<Answer> {
  const { ready, updates } = client(api.httpPort, DEV_TOKEN);
  await ready();
  const change = (what: string) => postAs(api.httpPort, DEV_TOKEN, `/api/v1/requests/${id}/${what}`);
  const cancelled = await change("cancel");
  const answer = cancelled.status === 409 ? await change("retry") : cancelled;
  if (answer.status >= 500) return answer;
  const heard = eventually(() => expect(updates().map(({ payload }) => payload.id)).toContain(id), HEARING_MS);
  return heard.then(
    () => answer,
    () => ({ ...answer, body: { ...answer.body, late: true } }),
  );
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

function double(name: OutsideService) {
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
  const connection = { host: "127.0.0.1", port: platform.servers.postgresPort };
  const admin = new pg.Client({ ...connection, user: "postgres", database: "postgres" });
  await admin.connect();
  await admin.query("CREATE DATABASE media_slow OWNER media");
  await admin.end();
  const slow = new pg.Client({ ...connection, user: "media", database: "media_slow" });
  await slow.connect();
  await slow.query(`CREATE VIEW requests AS SELECT gen_random_uuid() AS id, '' AS user_id, '' AS status,
    '' AS media_type, 1 AS tmdb_id, '' AS title, now() AS created_at FROM pg_sleep(30)`);
  await slow.end();
  return withReplica("media_slow");
}
