import { Redis } from "ioredis";
import { LIFETIMES } from "../src/data/redis/upstream-cache.ts";
import type { Running } from "../src/process/lifecycle.ts";
import { call, getAs, post } from "./calls.ts";
import { DEV_TOKEN, eventually, type Platform, type Spawned, startPlatform } from "./platform.ts";

/** So often the 200 callers come, until Redis answers both processes in time. */
const ROUNDS = 5;

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
afterEach(() => platform.knobs());

/** Calls that the double was sent, by all processes. */
const callsOfTmdb = async () => {
  const { body } = await call(platform.doubles.adminPort, "/metrics");
  const lines = (body as string).split("\n").filter((line) => /_count\{.*route="\/tmdb/.test(line));
  return lines.reduce((sum, line) => sum + Number(line.split(" ")[1]), 0);
};

async function other(): Promise<{ port: number; lines: string[] }> {
  const spawned: Spawned = platform.spawn("api", { LOG_LEVEL: "debug" });
  return { port: Number((await spawned.logged("started")).httpPort), lines: spawned.lines };
}

describe("answers of upstreams", () => {
  test("200 callers at once, on two processes, are one call", async () => {
    const processes = await Promise.all([other(), other()]);
    const ports = processes.map(({ port }) => port);
    /** Without Redis' answer in time a process calls by itself, as two that have just started on a busy machine may. */
    const unanswered = () =>
      processes.flatMap(({ lines }) => lines.filter((line) => line.includes("the cache did not answer"))).length;
    await platform.knobs({ latencyMs: 300 });
    let [path, before] = ["", 0];
    for (let round = 1, since = -1; round <= ROUNDS && unanswered() !== since; round++) {
      path = `/api/v1/search?mediaType=movie&query=stampede-${round}`;
      [before, since] = [await callsOfTmdb(), unanswered()];
      const answers = await Promise.all(Array.from({ length: 200 }, (_, n) => call(ports[n % 2] ?? 0, path)));
      // On a machine that is busy they shed some of so many.
      const served = answers.filter(({ status }) => status !== 503);
      expect(served.length).toBeGreaterThanOrEqual(40);
      expect(new Set(served.map(({ status }) => status))).toEqual(new Set([200]));
      expect(new Set(served.map(({ body }) => JSON.stringify(body))).size).toBe(1);
      // One of each at most, even so.
      expect(await callsOfTmdb()).toBeLessThanOrEqual(before + 2);
    }
    expect(await callsOfTmdb()).toBe(before + 1);
    // The control: another question is another call.
    await call(ports[0] ?? 0, `${path}-no-more`);
    expect(await callsOfTmdb()).toBe(before + 2);
  });

  test("without Redis each process still makes one call of many", async () => {
    await platform.servers.kill("cache");
    // All callers must be there before the one call ends, on a busy machine too: nothing is kept without Redis.
    await platform.knobs({ latencyMs: 1_000 });
    const before = await callsOfTmdb();
    const path = "/api/v1/search?mediaType=movie&query=alone";
    await Promise.all(Array.from({ length: 50 }, () => call(api.httpPort, path)));
    expect(await callsOfTmdb()).toBe(before + 1);
    await platform.servers.restart("cache");
    // Until the service itself keeps answers again.
    await eventually(async () => {
      await call(api.httpPort, "/api/v1/search?mediaType=movie&query=back");
      expect(await redis.exists("answer:v1:search:movie:1:back")).toBe(1);
    });
  });

  test("a process that died with the lock delays others no longer than the lock lasts", async () => {
    await redis.set("lock:answer:v1:search:movie:1:orphan", "a dead process", "PX", 1_500);
    const started = performance.now();
    expect((await call(api.httpPort, "/api/v1/search?mediaType=movie&query=orphan")).status).toBe(200);
    expect(performance.now() - started).toBeLessThan(4_000);
  });

  test("a title that is not there is asked for once, and believed for about a minute only", async () => {
    const wish = { mediaType: "movie", tmdbId: 900_000_777 };
    const before = await callsOfTmdb();
    for (let n = 0; n < 3; n++) expect((await post(api.httpPort, wish)).body.code).toBe("unknown-title");
    expect(await callsOfTmdb()).toBe(before + 1);
    const ttl = await redis.ttl("answer:v1:title:movie:900000777");
    expect(ttl).toBeGreaterThan(LIFETIMES.title.missing * 0.8);
    expect(ttl).toBeLessThanOrEqual(LIFETIMES.title.missing * 1.1);
  });

  test("entries that were stored together do not end together", async () => {
    const ends: number[] = [];
    for (let n = 0; n < 20; n++) {
      await call(api.httpPort, `/api/v1/search?mediaType=tv&query=jitter-${n}`);
      const entry = JSON.parse((await redis.get(`answer:v1:search:tv:1:jitter-${n}`)) ?? "");
      ends.push((entry.freshUntil - entry.at) / 1_000);
    }
    expect(Math.min(...ends)).toBeGreaterThanOrEqual(LIFETIMES.search.fresh * 0.9 - 1);
    expect(Math.max(...ends)).toBeLessThanOrEqual(LIFETIMES.search.fresh * 1.1 + 1);
    expect(new Set(ends).size).toBeGreaterThan(10);
  });

  test.each(["{", "", "null", "5", '{"value":1}'])(
    "an entry that says %j is as good as none, and replaced",
    async (text) => {
      const key = "answer:v1:search:movie:1:poison";
      await redis.set(key, text);
      expect((await call(api.httpPort, "/api/v1/search?mediaType=movie&query=poison")).status).toBe(200);
      expect(JSON.parse((await redis.get(key)) ?? "").value).toBeDefined();
    },
  );

  test("past its time and without its source an answer is a copy that says so; an unknown one is a problem", async () => {
    const path = "/api/v1/discover?mediaType=movie&page=77";
    const fresh = await call(api.httpPort, path);
    const key = "answer:v1:discover:movie:77";
    await redis.set(key, JSON.stringify({ ...JSON.parse((await redis.get(key)) ?? ""), freshUntil: 0 }));
    await platform.knobs({ errorRate: 1 });
    const stale = await call(api.httpPort, path);
    expect(stale).toMatchObject({ status: 200, body: fresh.body });
    expect(stale.headers.get("warning")).toContain("110");
    expect(stale.headers.get("cache-control")).toBe("no-store");
    expect((await call(api.httpPort, "/api/v1/discover?mediaType=movie&page=78")).status).toBe(503);
  });
});

describe("what a browser may keep", () => {
  const asked = (path: string, etag: string) =>
    fetch(`http://127.0.0.1:${api.httpPort}${path}`, {
      headers: { authorization: `Bearer ${DEV_TOKEN}`, "if-none-match": etag },
    });

  test("one's own is asked for each time, and costs a 304 while it is the same", async () => {
    const { body } = await post(api.httpPort, { mediaType: "movie", tmdbId: 4_711 });
    const path = `/api/v1/requests/${body.id}`;
    const { headers } = await call(api.httpPort, path);
    expect(headers.get("cache-control")).toBe("private, no-cache");
    const etag = headers.get("etag") ?? "";
    expect(etag).toMatch(/^"[\w-]{27}"$/);
    for (const tag of [etag, `W/${etag}`, `"x", ${etag}`, "*"]) {
      const same = await asked(path, tag);
      expect([same.status, await same.text()]).toEqual([304, ""]);
      expect(same.headers.get("etag")).toBe(etag);
    }
    expect((await asked(path, '"another"')).status).toBe(200);
    await call(api.httpPort, `${path}/cancel`, { method: "POST" });
    const changed = await asked(path, etag);
    expect([changed.status, await changed.json()]).toEqual([200, { ...body, status: "cancelled" }]);
  });

  test.each([
    ["/api/v1/openapi.json", "public, max-age=300"],
    ["/api/v1/discover?mediaType=movie", "public, max-age=60, s-maxage=300"],
    ["/api/v1/requests", "private, no-cache"],
    ["/api/v1/admin/users", "private, no-cache"],
    ["/api/v1/library", "private, max-age=60"],
    ["/api/v1/requests/none", "no-store"],
  ])("%s: %s", async (path, words) => {
    expect((await call(api.httpPort, path)).headers.get("cache-control")).toContain(words);
  });

  test("each answer has the rest of the limit", async () => {
    const { headers } = await getAs(api.httpPort, DEV_TOKEN, "/api/v1/requests");
    expect(headers.get("ratelimit-policy")).toBe('"minute";q=12000;w=60');
    expect(headers.get("ratelimit")).toMatch(/^"minute";r=\d+;t=\d+$/);
  });

  test("forged tokens are counted by their address, good ones are not", async () => {
    const strict = await platform.api({ VISITOR_RATE_LIMIT_PER_MINUTE: "2" });
    const codes = [];
    for (let n = 0; n < 4; n++) codes.push((await getAs(strict.httpPort, `guess-${n}`, "/api/v1/requests")).body.code);
    expect(codes.at(-1)).toBe("rate-limited");
    expect((await getAs(strict.httpPort, DEV_TOKEN, "/api/v1/requests")).status).toBe(200);
  });
});
