import { Redis } from "ioredis";
import { ERRORS_TOTAL, FALLBACKS_TOTAL, RETRIES_TOTAL } from "../src/observability/metrics/names.ts";
import type { Running } from "../src/process/lifecycle.ts";
import { call, metric, person, post, postAs } from "./calls.ts";
import { eventually, type Platform, readableLog, startPlatform } from "./platform.ts";
import { startProxy } from "./proxy.ts";

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
    for (const path of ["requests?limit=1", "library", "admin/overseerr", "titles/movie/1603/trailers"])
      expect((await call(api.httpPort, `/api/v1/${path}`)).status).toBe(200);
  });

describe("the recovery sequence", () => {
  test("a pooler and connections that went away in between cause no error", async () => {
    const { body } = await post(api.httpPort, wish());
    await expire(body.id);
    // The connections in the pool are dead now, and the pooler is back before they are used.
    await platform.servers.kill("pgbouncer");
    await platform.servers.restart("pgbouncer");
    await platform.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'media-api'");
    expect(await call(api.httpPort, "/api/v1/requests?limit=1")).toMatchObject({ status: 200 });
    await isWell();
  });

  test("the very call that met the error is the one that succeeds", async () => {
    const proxy = await startProxy(platform.servers.pgbouncerPort);
    const behind = await platform.api({ PGPORT: String(proxy.port) }, { log });
    const sample = `${RETRIES_TOTAL}{dependency="database"}`;
    try {
      // Another task of the process may take the one connection that is reset: then again.
      await eventually(async () => {
        const [retries, met] = [await metric(behind.adminPort, sample), proxy.met()];
        proxy.set("blink");
        expect(await call(behind.httpPort, "/api/v1/requests?limit=1")).toMatchObject({ status: 200 });
        expect(proxy.met()).toBe(met + 1);
        expect(await metric(behind.adminPort, sample)).toBe(retries + 1);
      }, 5_000);
    } finally {
      await behind.drain();
      proxy.close();
    }
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
