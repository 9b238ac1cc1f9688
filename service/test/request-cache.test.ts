import { Redis } from "ioredis";
import { createRequestCache } from "../src/data/redis/cache.ts";
import type { MediaRequest } from "../src/data/repositories/requests.ts";
import { createMetrics } from "../src/observability/metrics/metrics.ts";
import { PG_QUERY_DURATION_SECONDS } from "../src/observability/metrics/names.ts";
import type { Running } from "../src/process/lifecycle.ts";
import { call, metric, post } from "./calls.ts";
import { eventually, type Platform, readableLog, startPlatform } from "./platform.ts";

let platform: Platform;
let api: Running;
let redis: Redis;
beforeAll(async () => {
  platform = await startPlatform();
  api = await platform.api();
  redis = new Redis({ port: platform.servers.cachePort });
});
afterAll(async () => {
  redis?.disconnect();
  await platform?.stop();
});

let nextId = 40_000;
const made = async () => (await post(api.httpPort, { mediaType: "movie", tmdbId: ++nextId })).body.id as string;
const read = (id: string) => call(api.httpPort, `/api/v1/requests/${id}`);
const entry = (id: string) => `request:v2:${id}`;
/** How often PostgreSQL was asked for a request, the replica or the primary. */
const asked = () => metric(api.adminPort, `${PG_QUERY_DURATION_SECONDS}_count{query="find request"}`);

test("200 callers at once are one query", async () => {
  const id = await made();
  await redis.del(entry(id));
  const before = await asked();
  const answers = await Promise.all(Array.from({ length: 200 }, () => read(id)));
  // A machine that is busy sheds some of so many.
  const served = answers.filter(({ status }) => status !== 503);
  expect(served.length).toBeGreaterThanOrEqual(40);
  expect(new Set(served.map(({ status, body }) => `${status} ${body.id}`))).toEqual(new Set([`200 ${id}`]));
  expect(await asked()).toBe(before + 1);
});

test("an id that is not there is looked for once, and believed for a moment only", async () => {
  const id = "00000000-0000-4000-8000-000000000001";
  const before = await asked();
  for (let n = 0; n < 50; n++) expect((await read(id)).status).toBe(404);
  // At the replica, and then at the primary: the replica may only lag.
  expect(await asked()).toBe(before + 2);
  expect(await redis.ttl(entry(id))).toBeLessThanOrEqual(11);
});

test("a request that is made is there at once, even if it was looked up before", async () => {
  const id = await made();
  const kept = (await redis.get(entry(id))) as string;
  // As a reader that came too early leaves it.
  await platform.sql("UPDATE requests SET id = gen_random_uuid() WHERE id = $1", [id]);
  await redis.del(entry(id));
  expect((await read(id)).status).toBe(404);
  const cache = createRequestCache(redis, readableLog("api").log, createMetrics("test"));
  await cache.add(JSON.parse(kept));
  expect(await read(id)).toMatchObject({ status: 200, body: { id } });
});

test("what a reader did not find is not kept once the request was made", async () => {
  const id = "00000000-0000-4000-8000-000000000002";
  const cache = createRequestCache(redis, readableLog("api").log, createMetrics("test"));
  const lookup = await cache.lookup(id);
  const request = { id, tmdbId: 1 } as MediaRequest;
  await cache.load(lookup, id, null, async () => {
    await cache.add(request);
    return undefined;
  });
  expect(await cache.lookup(id)).toEqual({ found: "hit", request });
  await cache.invalidate(id);
  expect((await cache.lookup(id)).found).toBe("written");
});

test("who wrote meanwhile does not share what was asked for before", async () => {
  const id = "00000000-0000-4000-8000-000000000003";
  const cache = createRequestCache(redis, readableLog("api").log, createMetrics("test"));
  const before = await cache.lookup(id);
  let answer = (_: MediaRequest) => {};
  const old = cache.load(before, id, null, () => new Promise((resolve) => (answer = resolve)));
  await cache.invalidate(id);
  const newer = { id, title: "new" } as MediaRequest;
  expect(await cache.load(await cache.lookup(id), id, null, async () => newer)).toBe(newer);
  expect(await cache.load(before, id, "0/1", async () => newer)).toBe(newer);
  answer({ id, title: "old" } as MediaRequest);
  expect(await old).toMatchObject({ title: "old" });
  expect(await cache.lookup(id)).toEqual({ found: "hit", request: newer });
});

test.each(["{", "null", "5", '{"id":"another"}'])(
  "an entry that says %j is as good as none, and replaced",
  async (text) => {
    const id = await made();
    await redis.set(entry(id), text);
    expect(await read(id)).toMatchObject({ status: 200, body: { id } });
    expect(JSON.parse((await redis.get(entry(id))) ?? "")).toMatchObject({ id });
  },
);

test("nor is an unreadable copy an answer while the database is away", async () => {
  const id = await made();
  await redis.set(`copy:${entry(id)}`, "{");
  await redis.del(entry(id));
  await platform.servers.kill("pgbouncer");
  expect(await read(id)).toMatchObject({ status: 503 });
  await platform.servers.restart("pgbouncer");
  await eventually(async () => expect((await read(id)).status).toBe(200));
});
