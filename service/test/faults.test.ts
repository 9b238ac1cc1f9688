import { CACHE_LOOKUPS_TOTAL, RATE_LIMIT_DECISIONS_TOTAL } from "../src/observability/metrics/names.ts";
import type { Running } from "../src/process/lifecycle.ts";
import { call, metric, post } from "./calls.ts";
import { eventually, type Platform, startPlatform } from "./platform.ts";

let platform: Platform;
let api: Running;
let nextId = 9_000;

beforeAll(async () => {
  platform = await startPlatform();
  api = await platform.api();
  // As in a cluster: no traffic reaches a pod that has never been ready.
  await ready(api);
});
afterAll(() => platform?.stop());

const wish = () => ({ mediaType: "movie", tmdbId: ++nextId });

describe("the rate limit", () => {
  test("is counted for all processes together, through Sentinel", async () => {
    const strict = {
      RATE_LIMIT_PER_MINUTE: "3",
      DEV_TOKEN_FILE: `${platform.servers.folder}/secrets/redis-state-password`,
    };
    const two = await Promise.all([platform.api(strict), platform.api(strict)]);
    const headers = { authorization: "Bearer state-password-of-the-tests" };
    await Promise.all(two.map(ready));
    const statuses: number[] = [];
    for (const n of [0, 1, 0, 1, 0]) {
      const answer = await call(two[n]?.httpPort ?? 0, "/api/v1/requests/x", { headers });
      statuses.push(answer.status);
      if (answer.status === 429) expect(Number(answer.headers.get("retry-after"))).toBeGreaterThan(0);
    }
    expect(statuses).toEqual([404, 404, 404, 429, 429]);
  });

  test("counts alone when the state Redis is away", async () => {
    const sample = `${RATE_LIMIT_DECISIONS_TOTAL}{decision="allowed",store="memory"}`;
    await platform.servers.kill("state");
    await eventually(async () => {
      expect((await call(api.httpPort, "/api/v1/requests/x")).status).toBe(404);
      expect(await metric(api.adminPort, sample)).toBeGreaterThan(0);
    });
    expect(await call(api.adminPort, "/readyz")).toMatchObject({
      status: 200,
      body: { status: "degraded", unreachable: ["redis-state"] },
    });
    await platform.servers.restart("state");
    await ready(api);
  });
});

test("without the cache every read goes to the primary, and is right, and no pod goes unready", async () => {
  const { body } = await post(api.httpPort, wish());
  await platform.servers.kill("cache");
  expect(await call(api.adminPort, "/readyz")).toMatchObject({ status: 200, body: { status: "ready" } });
  const answer = await call(api.httpPort, `/api/v1/requests/${body.id}`);
  expect(answer).toMatchObject({ status: 200, body });
  expect(answer.headers.get("x-cache")).toBe("miss");
  expect((await post(api.httpPort, wish())).status).toBe(201);
  expect(await metric(api.adminPort, `${CACHE_LOOKUPS_TOTAL}{result="unreachable"}`)).toBeGreaterThan(0);
  await platform.servers.restart("cache");
  await cached(body.id);
});

test("a frozen cache costs a moment, not the answer", async () => {
  const { body } = await post(api.httpPort, wish());
  platform.servers.freeze("cache", true);
  const started = performance.now();
  expect((await call(api.httpPort, `/api/v1/requests/${body.id}`)).status).toBe(200);
  expect(performance.now() - started).toBeLessThan(1_500);
  expect((await call(api.adminPort, "/readyz")).status).toBe(200);
  platform.servers.freeze("cache", false);
  await cached(body.id);
});

test("without the database: 503 that says when to come back, degraded, alive, and well again afterwards", async () => {
  await platform.servers.kill("pgbouncer");
  const answer = await post(api.httpPort, wish());
  expect(answer).toMatchObject({ status: 503, body: { code: "database-unavailable" } });
  expect(answer.headers.get("retry-after")).toBe("2");
  expect(await call(api.adminPort, "/readyz")).toMatchObject({
    status: 200,
    body: { status: "degraded", unreachable: ["database"] },
  });
  expect((await call(api.adminPort, "/livez")).status).toBe(200);
  await platform.servers.restart("pgbouncer");
  await ready(api);
  expect((await post(api.httpPort, wish())).status).toBe(201);
});

test("a frozen database is given up in time, and its connections are not used again", async () => {
  platform.servers.freeze("pgbouncer", true);
  const started = performance.now();
  expect(await post(api.httpPort, wish())).toMatchObject({ status: 503, body: { code: "database-unavailable" } });
  expect(performance.now() - started).toBeLessThan(8_000);
  platform.servers.freeze("pgbouncer", false);
  await eventually(async () => expect((await post(api.httpPort, wish())).status).toBe(201));
});

test("TMDB that answers too slowly is given up, and the breaker then answers at once", async () => {
  const impatient = await platform.api();
  await ready(impatient);
  await platform.knobs({ latencyMs: 60_000 });
  const slow = await Promise.all(Array.from({ length: 5 }, () => post(impatient.httpPort, wish())));
  expect(slow.map(({ status }) => status)).toEqual(Array(5).fill(503));
  const started = performance.now();
  expect((await post(impatient.httpPort, wish())).status).toBe(503);
  expect(performance.now() - started).toBeLessThan(500);
  await platform.knobs();
  await eventually(async () => expect((await post(impatient.httpPort, wish())).status).toBe(201));
}, 30_000);

function ready({ adminPort }: Running): Promise<void> {
  return eventually(async () =>
    expect(await call(adminPort, "/readyz")).toMatchObject({ status: 200, body: { status: "ready" } }),
  );
}

/** Returns when the cache answers for this request again. */
function cached(id: string): Promise<void> {
  return eventually(async () =>
    expect((await call(api.httpPort, `/api/v1/requests/${id}`)).headers.get("x-cache")).toBe("hit"),
  );
}
