import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { claimKey, keepReply, purgeKeys } from "../src/data/repositories/idempotency.ts";
import { json } from "../src/http/reply.ts";
import { IDEMPOTENCY_KEYS_TOTAL } from "../src/observability/metrics/names.ts";
import type { Running } from "../src/process/lifecycle.ts";
import { call, idempotent, metric, post } from "./calls.ts";
import { connectionTo, DEV_TOKEN, eventually, meddle, type Platform, type Spawned, startPlatform } from "./platform.ts";

let platform: Platform;
let api: Running;
let nextId = 40_000;

beforeAll(async () => {
  platform = await startPlatform();
  api = await platform.api();
});
afterAll(() => platform?.stop());
afterEach(() => platform.knobs());

const wish = () => ({ mediaType: "movie", tmdbId: ++nextId });

interface Raw {
  status: number;
  headers: Headers;
  text: string;
}

async function send(body: string, key: string, port = api.httpPort): Promise<Raw> {
  const headers = { authorization: `Bearer ${DEV_TOKEN}`, "content-type": "application/json", ...idempotent(key) };
  const answer = await fetch(`http://127.0.0.1:${port}/api/v1/requests`, { method: "POST", body, headers });
  return { status: answer.status, headers: answer.headers, text: await answer.text() };
}

async function effects(tmdbId: number): Promise<{ requests: number; jobs: number }> {
  const [row] = await platform.sql<{ requests: number; jobs: number }>(
    `SELECT count(DISTINCT r.id)::int AS requests, count(j.id)::int AS jobs
     FROM requests r LEFT JOIN pgboss.job j ON j.data->>'requestId' = r.id::text WHERE tmdb_id = $1`,
    [tmdbId],
  );
  return row as { requests: number; jobs: number };
}

const ONE = { requests: 1, jobs: 1 };

test("the second answer is the first, byte for byte, from another process too", async () => {
  const other = await platform.api();
  const [body, key] = [JSON.stringify(wish()), randomUUID()];
  const first = await send(body, key);
  const second = await send(body, key, other.httpPort);
  expect([first.status, first.headers.get("idempotent-replayed")]).toEqual([201, null]);
  expect([second.status, second.headers.get("idempotent-replayed")]).toEqual([201, "true"]);
  expect(second.text).toBe(first.text);
  for (const name of ["location", "content-type", "content-length"])
    expect(second.headers.get(name)).toBe(first.headers.get(name));
  expect(await metric(other.adminPort, `${IDEMPOTENCY_KEYS_TOTAL}{outcome="replayed"}`)).toBe(1);
  expect(await effects(nextId)).toEqual(ONE);
});

test("an error that is the caller's is kept too, with the first request's id in it", async () => {
  const body = JSON.stringify({ mediaType: "movie", tmdbId: 900_000_001 });
  const key = randomUUID();
  const first = await send(body, key);
  const second = await send(body, key);
  expect([first.status, second.status]).toEqual([422, 422]);
  expect(second.text).toBe(first.text);
  expect(second.headers.get("x-request-id")).not.toBe(JSON.parse(first.text).requestId);
});

test("an error of ours is not kept: the same key works when the trouble is over", async () => {
  const [body, key] = [JSON.stringify(wish()), randomUUID()];
  await platform.knobs({ errorRate: 1 });
  expect((await send(body, key)).status).toBe(503);
  await platform.knobs();
  expect((await send(body, key)).status).toBe(201);
});

test("another body under the same key is refused, and has no effect", async () => {
  const key = randomUUID();
  await send(JSON.stringify(wish()), key);
  const other = await send(JSON.stringify(wish()), key);
  expect([other.status, JSON.parse(other.text).code]).toEqual([422, "idempotency-key-reused"]);
  expect(await effects(nextId)).toEqual({ requests: 0, jobs: 0 });
});

test("many duplicates at once, over two processes: one effect, and no answer but the first or 'at work'", async () => {
  const other = await platform.api();
  const [body, key] = [JSON.stringify(wish()), randomUUID()];
  const ports = [api.httpPort, other.httpPort];
  const answers = await Promise.all(Array.from({ length: 40 }, (_, n) => send(body, key, ports[n % 2])));
  const made = answers.filter(({ status }) => status === 201);
  const busy = answers.filter(({ status }) => status === 409);
  expect(made.length + busy.length).toBe(40);
  expect(new Set(made.map(({ text }) => text)).size).toBe(1);
  expect(made.filter(({ headers }) => !headers.has("idempotent-replayed"))).toHaveLength(1);
  expect(busy.filter(({ text }) => JSON.parse(text).code !== "idempotency-in-flight")).toEqual([]);
  expect(await effects(nextId)).toEqual(ONE);
  expect((await send(body, key)).text).toBe(made[0]?.text);
});

describe("a crash", () => {
  const started = async (process: Spawned) => Number((await process.logged("started")).httpPort);
  /** Its claim would run out in 30 s; the test does not wait for it. */
  const claimRunsOut = () =>
    platform.sql("UPDATE idempotency_keys SET claimed_until = now() - interval '1 second' WHERE status IS NULL");

  test("in the middle of the effect: at work until the claim runs out, then done once by another", async () => {
    const doomed = platform.spawn("api");
    const port = await started(doomed);
    const quickAgain = await meddle(platform, "BEFORE INSERT ON requests", "PERFORM pg_sleep(2);");
    const [body, key] = [JSON.stringify(wish()), randomUUID()];
    const lost = send(body, key, port).catch(() => "no answer");
    await eventually(async () =>
      expect(await platform.sql("SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep'")).toHaveLength(1),
    );
    doomed.child.kill("SIGKILL");
    expect(await lost).toBe("no answer");
    await quickAgain();
    expect(await effects(nextId)).toEqual({ requests: 0, jobs: 0 });
    expect(JSON.parse((await send(body, key)).text).code).toBe("idempotency-in-flight");
    await claimRunsOut();
    expect((await send(body, key)).status).toBe(201);
    expect(await effects(nextId)).toEqual(ONE);
  });

  test("between the effect and the answer: the answer is there for the next try", async () => {
    const cutOff = async () => {
      const doomed = platform.spawn("api");
      const port = await started(doomed);
      const [body, key] = [JSON.stringify(wish()), randomUUID()];
      // After the commit it tells the cache, which now takes its time.
      platform.servers.freeze("cache", true);
      const lost = send(body, key, port).catch(() => "no answer");
      while ((await effects(nextId)).requests === 0) await sleep(2);
      doomed.child.kill("SIGKILL");
      const got = await lost;
      platform.servers.freeze("cache", false);
      return { got, body, key };
    };
    let cut = await cutOff();
    // On a busy machine the answer may be quicker than the look at the effect.
    for (let n = 1; n < 5 && cut.got !== "no answer"; n++) cut = await cutOff();
    const { got, body, key } = cut;
    expect(got).toBe("no answer");
    const again = await send(body, key);
    expect([again.status, again.headers.get("idempotent-replayed")]).toEqual([201, "true"]);
    expect(await effects(nextId)).toEqual(ONE);
  });

  test("that was only a pause: a process that lost its claim cannot commit any more", async () => {
    const pool = new pg.Pool(connectionTo(platform.servers));
    const owner = { user: "u", operation: "o", key: randomUUID() };
    const body = Buffer.from("{}");
    const slow = await claimKey(pool, owner, body);
    await claimRunsOut();
    const quick = await claimKey(pool, owner, body);
    if (slow.outcome !== "fresh" || quick.outcome !== "fresh") throw new Error("both should have had their turn");
    await expect(keepReply(pool, slow.claim, json(201, {}))).rejects.toMatchObject({ code: "idempotency-in-flight" });
    await keepReply(pool, quick.claim, json(201, { by: "quick" }));
    expect(await claimKey(pool, owner, body)).toMatchObject({ outcome: "replayed", reply: { status: 201 } });
    await pool.end();
  });
});

test("a key is its user's: another's same key is another key", async () => {
  const pool = new pg.Pool(connectionTo(platform.servers));
  const claims = ["ann", "ben"].map((user) => claimKey(pool, { user, operation: "o", key: "k" }, Buffer.from("x")));
  expect((await Promise.all(claims)).map(({ outcome }) => outcome)).toEqual(["fresh", "fresh"]);
  await pool.end();
});

test("what is stored shows neither the key nor the answer", async () => {
  const [body, key] = [JSON.stringify(wish()), randomUUID()];
  await send(body, key);
  const rows = await platform.sql<{ row: string }>("SELECT encode(sealed, 'escape') AS row FROM idempotency_keys");
  expect(rows.length).toBeGreaterThan(0);
  expect(JSON.stringify(rows)).not.toContain("mediaType");
  expect(JSON.stringify(rows)).not.toContain(key);
});

test("a key lives for a day: then it is new again, and the purge takes it", async () => {
  const pool = new pg.Pool(connectionTo(platform.servers));
  const age = (hours: number) =>
    platform.sql(`UPDATE idempotency_keys SET created_at = now() - interval '${hours} hours'`);
  const [first, key] = [JSON.stringify(wish()), randomUUID()];
  await send(first, key);
  await age(23);
  expect((await send(first, key)).headers.get("idempotent-replayed")).toBe("true");
  expect(await purgeKeys(pool)).toBe(0);
  await age(25);
  expect((await send(JSON.stringify(wish()), key)).status).toBe(201);
  await age(25);
  expect(await purgeKeys(pool)).toBeGreaterThan(0);
  expect(await platform.sql("SELECT 1 FROM idempotency_keys")).toEqual([]);
  await pool.end();
});

test("a worker purges when it starts", async () => {
  await send(JSON.stringify(wish()), randomUUID());
  await platform.sql("UPDATE idempotency_keys SET created_at = now() - interval '25 hours'");
  await platform.worker();
  await eventually(async () => expect(await platform.sql("SELECT 1 FROM idempotency_keys")).toEqual([]));
});

test("without a key nothing is kept", async () => {
  await post(api.httpPort, wish());
  expect(await platform.sql("SELECT 1 FROM idempotency_keys")).toEqual([]);
  expect((await call(api.httpPort, "/problems/idempotency-in-flight")).status).toBe(200);
});
