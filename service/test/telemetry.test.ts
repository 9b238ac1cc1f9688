import { Redis } from "ioredis";
import pg from "pg";
import { PgBoss } from "pg-boss";
import { executor } from "../src/data/queue/queue.ts";
import * as names from "../src/observability/metrics/names.ts";
import { SLOW_QUERY_SECONDS } from "../src/observability/metrics/objectives.ts";
import { call, idempotent, metric, person, post } from "./calls.ts";
import { ALL, AT_TIMES, EMITTED_BY, type Emitter } from "./emitters.ts";
import { lint } from "./exposition.ts";
import { type Observed, startObserved } from "./observed.ts";
import { connectionTo, eventually, meddle } from "./platform.ts";

let platform: Observed["platform"];
let api: Observed["api"];
let worker: Observed["worker"];
let lines: Observed["lines"];
let wish: Observed["wish"];
let read: Observed["read"];
let delivered: Observed["delivered"];
let scrape: Observed["scrape"];

beforeAll(async () => {
  ({ platform, api, worker, lines, wish, read, delivered, scrape } = await startObserved());
  await aDay();
}, 60_000);
afterAll(() => platform?.stop());

/** Something of everything: a login, a replay, slow statements, a broken delivery, a sick TMDB, a missing database. */
async function aDay(): Promise<void> {
  await person(api.httpPort, "ann");
  await onRequests("INSERT OR UPDATE", `PERFORM pg_sleep(${SLOW_QUERY_SECONDS + 0.1});`, async () => {
    const { body } = await post(api.httpPort, wish(), idempotent("slow"));
    await delivered(body.id);
  });
  await onRequests("UPDATE", "RAISE 'broken';", async () => {
    await post(api.httpPort, wish());
    const failed = `${names.ERROR_GROUPS_TOTAL}{change="new"}`;
    await eventually(async () => expect(await metric(worker.adminPort, failed)).toBe(1));
  });
  await platform.knobs({ errorRate: 1 });
  await post(api.httpPort, wish());
  await platform.knobs();

  const { body } = await post(api.httpPort, wish());
  await delivered(body.id);
  await forget(body.id);
  await platform.servers.kill("pgbouncer");
  expect((await read(body.id)).headers.get("x-cache")).toBe("stale");
  await platform.servers.restart("pgbouncer");
  const stored = `${names.ERROR_REPORTS_TOTAL}{class="system",outcome="stored"}`;
  await eventually(async () => expect(await metric(api.adminPort, stored)).toBeGreaterThan(0));
  // What could not be read meanwhile was not there; it is again with the next look.
  await eventually(async () => expect(await scrape(worker)).toMatch(new RegExp(`^${names.QUEUE_JOBS}\\{`, "m")));
}

/** Takes a request out of the cache; its copy for bad days stays. */
async function forget(id: string): Promise<void> {
  const cache = new Redis(platform.servers.cachePort, "127.0.0.1");
  const entries = (await cache.keys(`*${id}`)).filter((key) => !key.startsWith("copy:"));
  await cache.del(...entries);
  cache.disconnect();
}

async function onRequests(event: string, does: string, work: () => Promise<void>): Promise<void> {
  const end = await meddle(platform, `BEFORE ${event} ON requests`, does);
  await work().finally(end);
}

describe("every metric", () => {
  const of = (process: Emitter) => ({ api, worker, doubles: platform.doubles })[process];

  test.each(Object.entries(EMITTED_BY))("%s comes from %j and from no other process", async (name, emitters) => {
    const never = (process: Emitter) => !AT_TIMES[name as keyof typeof EMITTED_BY]?.includes(process);
    for (const process of ALL.filter(never)) {
      // A histogram's samples have endings of their own; a family without samples is only announced.
      const samples = (await scrape(of(process))).match(new RegExp(`^${name}(_bucket|_sum|_count)?[{ ]`, "gm")) ?? [];
      expect({ process, emits: samples.length > 0 }).toEqual({ process, emits: emitters.includes(process) });
    }
  });

  test.each(ALL)("of the %s is as Prometheus wants it, in both formats", async (process) => {
    expect(lint(await scrape(of(process)))).toEqual([]);
    const open = await call(of(process).adminPort, "/metrics", { headers: { accept: "application/openmetrics-text" } });
    expect(open.headers.get("content-type")).toContain("application/openmetrics-text");
    expect(open.body).toMatch(/\n# EOF\n$/);
  });

  test("has few series: labels come from the code, never from callers", async () => {
    for (const n of [1, 2, 3]) await call(api.httpPort, `/made/up/${n}`);
    const text = await scrape(api);
    expect(text).not.toContain("made");
    for (const [name, labels] of Object.entries(names.LABELS)) {
      const used = [...text.matchAll(new RegExp(`^${name}(?:_bucket|_sum|_count)?\\{(.*)\\} `, "gm"))];
      const keys = used.flatMap(([, pairs = ""]) => [...pairs.matchAll(/(\w+)="/g)].map(([, key]) => key));
      expect([...labels, "le"]).toEqual(expect.arrayContaining([...new Set(keys)]));
    }
  });
});

test("the process's own: garbage collection by kind, lag and utilisation of the event loop", async () => {
  const active = `${names.EVENT_LOOP_SECONDS_TOTAL}{state="active"}`;
  const before = await metric(api.adminPort, active);
  for (const end = performance.now() + 300; performance.now() < end; );
  expect((await metric(api.adminPort, active)) - before).toBeGreaterThan(0.25);
  const text = await scrape(api);
  expect(text).toMatch(/^nodejs_gc_duration_seconds_count\{kind="minor"\} [1-9]/m);
  expect(text).toMatch(/^nodejs_eventloop_lag_p99_seconds [\d.e-]+$/m);
});

describe("the database", () => {
  const sample = (name: string, labels: string) => metric(api.adminPort, `${name}{${labels}}`);

  test("a slow statement is counted and logged by its name, a quick one is not", async () => {
    const query = "create request";
    expect(lines.filter(({ msg }) => msg === "slow query")).toContainEqual(expect.objectContaining({ query }));
    expect(await sample(names.PG_SLOW_QUERIES_TOTAL, `query="${query}"`)).toBe(1);
    expect(await sample(`${names.PG_QUERY_DURATION_SECONDS}_count`, `query="${query}"`)).toBeGreaterThan(1);
    expect(await sample(names.PG_SLOW_QUERIES_TOTAL, 'query="find login"')).toBe(0);
  });

  test("who waits for a connection is measured apart from the statement", async () => {
    const narrow = await platform.api({ PG_POOL_MAX: "1" });
    const wait = () => metric(narrow.adminPort, `${names.PG_POOL_WAIT_SECONDS}_sum{pool="primary"}`);
    const before = await wait();
    await onRequests("INSERT", "PERFORM pg_sleep(0.5);", async () => {
      await Promise.all([post(narrow.httpPort, wish()), post(narrow.httpPort, wish())]);
    });
    expect((await wait()) - before).toBeGreaterThan(0.4);
    const took = await metric(narrow.adminPort, `${names.PG_QUERY_DURATION_SECONDS}_sum{query="create request"}`);
    // With the second one's wait in it, it would be 1.5.
    expect(took).toBeGreaterThan(1);
    expect(took).toBeLessThan(1.45);
  });

  test("the mean of the last 100 statements follows them", async () => {
    const mean = () => metric(api.adminPort, names.PG_RECENT_QUERY_MEAN_SECONDS);
    const before = await mean();
    expect(before).toBeGreaterThan(0);
    for (let n = 0; n < 100; n++) await call(api.httpPort, "/api/v1/requests?limit=1");
    expect(await mean()).toBeLessThan(before);
  });
});

test("a queue without a worker is seen to grow and to age", async () => {
  const client = new pg.Client(connectionTo(platform.servers));
  await client.connect();
  const boss = new PgBoss({ db: executor(client), migrate: false, supervise: false, schedule: false });
  await boss.start();
  await boss.createQueue("unattended");
  for (let n = 0; n < 3; n++) await boss.send("unattended", {});
  await boss.send("unattended", {}, { startAfter: 3_600 });
  const jobs = (state: string) => metric(worker.adminPort, `${names.QUEUE_JOBS}{queue="unattended",state="${state}"}`);
  await eventually(async () => expect([await jobs("waiting"), await jobs("delayed")]).toEqual([3, 1]), 25_000);
  const age = `${names.QUEUE_OLDEST_JOB_AGE_SECONDS}{queue="unattended"}`;
  await eventually(async () => expect(await metric(worker.adminPort, age)).toBeGreaterThan(4), 25_000);
  await boss.stop({ graceful: false });
  await client.end();
}, 60_000);
