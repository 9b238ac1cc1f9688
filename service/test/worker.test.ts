import { InMemorySpanExporter, SimpleSpanProcessor } from "@opentelemetry/sdk-trace";
import { Redis } from "ioredis";
import pg from "pg";
import {
  ERRORS_TOTAL,
  REQUESTS_DELIVERED_TOTAL,
  WORKER_LAST_POLL_TIMESTAMP_SECONDS,
} from "../src/observability/metrics/names.ts";
import type { Running } from "../src/process/lifecycle.ts";
import { call, metric, post, postAs } from "./calls.ts";
import { connectionTo, DEV_TOKEN, eventually, meddle, type Platform, readableLog, startPlatform } from "./platform.ts";

let platform: Platform;
let api: Running;
let workers: Running[];
const spans = new InMemorySpanExporter();
const { log, lines } = readableLog("worker");
let nextId = 5_000;

beforeAll(async () => {
  platform = await startPlatform([new SimpleSpanProcessor({ exporter: spans })]);
  api = await platform.api();
  workers = await Promise.all([platform.worker({}, { log }), platform.worker({}, { log })]);
});
afterAll(() => platform?.stop());

test("a request becomes available, once, and every reader sees it", async () => {
  const before = await delivered();
  const { body } = await post(api.httpPort, { mediaType: "movie", tmdbId: 603 });
  await eventually(async () => expect(await read(body.id)).toMatchObject({ status: "available", title: "The Matrix" }));
  expect(await delivered()).toBe(before + 1);
});

test("the worker goes on in the trace of the request", async () => {
  const { body, headers } = await post(api.httpPort, { mediaType: "movie", tmdbId: ++nextId });
  const traceId = headers.get("x-trace-id");
  await eventually(() => {
    const mine = spans.getFinishedSpans().filter((span) => span.spanContext().traceId === traceId);
    expect(mine.map(({ name }) => name)).toEqual(
      expect.arrayContaining(["job deliver-request", "sql deliver request", "job follow-download", "overseerr POST"]),
    );
  });
  await eventually(async () => expect(await read(body.id)).toMatchObject({ status: "available" }));
  const line = lines.find(({ msg, mediaRequestId }) => msg === "job done" && mediaRequestId === body.id);
  expect(line).toMatchObject({ service: "media-worker", trace_id: traceId, request_id: headers.get("x-request-id") });
});

test("two workers deliver many requests exactly once each, though every job comes twice", async () => {
  const before = await delivered();
  const wishes = Array.from({ length: 40 }, () => ({ mediaType: "tv", tmdbId: ++nextId }));
  const ids = (await Promise.all(wishes.map((wish) => post(api.httpPort, wish)))).map(({ body }) => body.id as string);
  await platform.sql(
    "INSERT INTO pgboss.job (name, data, policy, keep_until) SELECT name, data, policy, keep_until FROM pgboss.job WHERE data->>'requestId' = ANY($1)",
    [ids],
  );
  await eventually(async () => {
    const jobs = await platform.sql<{ name: string; count: number }>(
      "SELECT DISTINCT name, state::text FROM pgboss.job WHERE data->>'requestId' = ANY($1) ORDER BY name",
      [ids],
    );
    expect(jobs).toEqual(["deliver-request", "follow-download"].map((name) => ({ name, state: "completed" })));
  });
  expect(await delivered()).toBe(before + 40);
  const kinds = "SELECT status, count(*)::int FROM downloads WHERE request_id = ANY($1) GROUP BY status";
  expect(await platform.sql(kinds, [ids])).toEqual([{ status: "completed", count: 40 }]);
});

test("a delivery that fails is tried again, and holds up no other", async () => {
  const [sick, sound] = [++nextId, ++nextId];
  const mend = await meddle(platform, "BEFORE UPDATE ON requests", `IF NEW.tmdb_id = ${sick} THEN RAISE 'no'; END IF;`);
  const [failing, fine] = await Promise.all(
    [sick, sound].map(async (tmdbId) => (await post(api.httpPort, { mediaType: "movie", tmdbId })).body.id as string),
  );
  await eventually(async () => {
    expect(await read(fine as string)).toMatchObject({ status: "available" });
    expect(await jobState(failing as string)).toBe("retry");
  });
  expect(lines.find(({ msg, mediaRequestId }) => msg === "job failed" && mediaRequestId === failing)).toBeDefined();
  await mend();
  await eventually(async () => expect(await read(failing as string)).toMatchObject({ status: "available" }));
});

test("after its last try a request has failed, and a person can have it tried again", async () => {
  const tmdbId = ++nextId;
  const raise = `IF NEW.tmdb_id = ${tmdbId} AND NEW.status = 'available' THEN RAISE 'no'; END IF;`;
  const mend = await meddle(platform, "BEFORE UPDATE ON requests", raise);
  const { body } = await post(api.httpPort, { mediaType: "movie", tmdbId });
  await eventually(async () => expect(await jobState(body.id)).toBe("retry"));
  await platform.sql(
    "UPDATE pgboss.job SET retry_limit = retry_count WHERE data->>'requestId' = $1 AND state = 'retry'",
    [body.id],
  );
  await eventually(async () => expect(await read(body.id)).toMatchObject({ status: "failed" }), 25_000);
  const errors = await Promise.all(
    workers.map(({ adminPort }) =>
      metric(adminPort, `${ERRORS_TOTAL}{code="internal",class="system",layer="service",source="service"}`),
    ),
  );
  expect(errors[0] || errors[1]).toBeGreaterThan(0);
  await mend();
  const retried = await postAs(api.httpPort, DEV_TOKEN, `/api/v1/requests/${body.id}/retry`);
  expect(retried).toMatchObject({ status: 200, body: { status: "pending" } });
  await eventually(async () => expect(await read(body.id)).toMatchObject({ status: "available" }));
});

test("a reader on a replica that lags sees its own write and no older state", async () => {
  // A second database that never hears of a write: the longest lag there is.
  const admin = new pg.Client({
    host: "127.0.0.1",
    port: platform.servers.postgresPort,
    user: "postgres",
    database: "postgres",
  });
  await admin.connect();
  await admin.query("CREATE DATABASE media_stale OWNER media");
  await admin.end();
  const lagging = await platform.api({ PG_RO_DATABASE: "media_stale" });
  const stale = new pg.Client({ ...connectionTo(platform.servers), database: "media_stale" });
  await stale.connect();
  await stale.query(
    "CREATE TABLE requests (id uuid, user_id text, status text, media_type text, tmdb_id int, title text, created_at timestamptz)",
  );

  const { body } = await post(lagging.httpPort, { mediaType: "movie", tmdbId: ++nextId });
  expect(await call(lagging.httpPort, `/api/v1/requests/${body.id}`)).toMatchObject({ status: 200 });
  await stale.query("INSERT INTO requests VALUES ($1, 'dev', 'pending', 'movie', 1, 'the old state', now())", [
    body.id,
  ]);
  await stale.end();
  await eventually(async () => expect((await read(body.id, lagging)).status).toBe("available"));
  for (const _again of [1, 2, 3]) expect((await read(body.id, lagging)).status).toBe("available");
  // The control: it is the cache's mark that kept readers off this replica, which they ask again without it.
  const cache = new Redis(platform.servers.cachePort, "127.0.0.1");
  await cache.flushall();
  cache.disconnect();
  expect(await read(body.id, lagging)).toMatchObject({ status: "pending", title: "the old state" });
});

test("a poll that came back is what keeps the worker alive", async () => {
  expect(await call(workers[0]?.adminPort ?? 0, "/livez")).toMatchObject({ status: 200, body: { status: "alive" } });
  const age = Date.now() / 1_000 - (await metric(workers[0]?.adminPort ?? 0, WORKER_LAST_POLL_TIMESTAMP_SECONDS));
  expect(age).toBeLessThan(5);
});

test("a worker that is killed in the middle of a job leaves it to another, which does it once", async () => {
  await Promise.all(workers.map((worker) => worker.drain()));
  const { id } = await killInDelivery();
  expect(await read(id)).toMatchObject({ status: "pending" });

  // Its heartbeat is what would stop; the test does not wait the ten seconds.
  await platform.sql("UPDATE pgboss.job SET heartbeat_on = now() - interval '1 minute' WHERE data->>'requestId' = $1", [
    id,
  ]);
  const heir = await platform.worker();
  await eventually(async () => expect(await read(id)).toMatchObject({ status: "available" }), 25_000);
  await eventually(async () => expect(await jobState(id)).toBe("completed"));
  expect(await metric(heir.adminPort, `${REQUESTS_DELIVERED_TOTAL}{media_type="movie"}`)).toBe(1);
  await heir.drain();
}, 60_000);

test("a worker that is killed in the last try leaves no request pending for ever", async () => {
  const { id } = await killInDelivery();
  await platform.sql(
    `UPDATE pgboss.job SET retry_limit = retry_count, heartbeat_on = now() - interval '1 minute'
     WHERE data->>'requestId' = $1`,
    [id],
  );
  await platform.worker();
  await eventually(async () => expect(await read(id)).toMatchObject({ status: "failed" }), 25_000);
  // It comes again, as every job can: the request that was retried meanwhile goes on.
  const jobs = await platform.sql(
    "SELECT id FROM pgboss.job WHERE name = 'give-up-request' AND data->>'requestId' = $1",
    [id],
  );
  expect(jobs).toHaveLength(1);
  await platform.pace({ queuedSeconds: 3_600 });
  await postAs(api.httpPort, DEV_TOKEN, `/api/v1/requests/${id}/retry`);
  await eventually(async () => expect(await jobState(id, "give-up-request")).toBe("completed"));
  await platform.sql(
    `INSERT INTO pgboss.job (name, data, policy, keep_until, created_on)
     SELECT name, data, policy, keep_until, created_on FROM pgboss.job WHERE name = 'give-up-request'`,
  );
  await eventually(async () => {
    const states = "SELECT DISTINCT state::text FROM pgboss.job WHERE name = 'give-up-request'";
    expect(await platform.sql(states)).toEqual([{ state: "completed" }]);
  });
  expect(await read(id)).toMatchObject({ status: "pending" });
  await platform.pace();
}, 60_000);

/** A real worker, killed in the middle of a delivery whose request is answered. */
async function killInDelivery(): Promise<{ id: string }> {
  const doomed = platform.spawn("worker");
  await doomed.logged("started");
  const quickAgain = await meddle(platform, "BEFORE INSERT ON downloads", "PERFORM pg_sleep(2);");
  const { body } = await post(api.httpPort, { mediaType: "movie", tmdbId: ++nextId });
  await eventually(async () => expect(await jobState(body.id)).toBe("active"));
  doomed.child.kill("SIGKILL");
  await doomed.exit;
  await quickAgain();
  return { id: body.id };
}

// biome-ignore lint/suspicious/noExplicitAny: a test asserts on whatever came
async function read(id: string, from = api): Promise<any> {
  return (await call(from.httpPort, `/api/v1/requests/${id}`)).body;
}

async function jobState(requestId: string, queue = "%"): Promise<string | undefined> {
  const rows = await platform.sql<{ state: string }>(
    "SELECT state::text FROM pgboss.job WHERE data->>'requestId' = $1 AND name LIKE $2 ORDER BY created_on DESC LIMIT 1",
    [requestId, queue],
  );
  return rows[0]?.state;
}

async function delivered(): Promise<number> {
  const samples = workers.flatMap(({ adminPort }) =>
    ["movie", "tv"].map((type) => metric(adminPort, `${REQUESTS_DELIVERED_TOTAL}{media_type="${type}"}`)),
  );
  return (await Promise.all(samples)).reduce((sum, value) => sum + value, 0);
}
