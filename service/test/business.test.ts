import { setTimeout as sleep } from "node:timers/promises";
import { FIGURES, FIGURES_SQL } from "../src/data/repositories/business-figures.ts";
import {
  BUSINESS_ACTIVE,
  BUSINESS_COMPUTED_TIMESTAMP_SECONDS,
  BUSINESS_DOWNLOADS,
  BUSINESS_FUNNEL,
  BUSINESS_REQUESTS,
  BUSINESS_REVENUE_MINOR,
  BUSINESS_SUBSCRIPTIONS,
  FEATURE_USES_TOTAL,
} from "../src/observability/metrics/names.ts";
import type { Running } from "../src/process/lifecycle.ts";
import { call, getAs, metric, type Person, person, postAs } from "./calls.ts";
import { event, sendEvent } from "./payments.ts";
import { eventually, type Platform, startPlatform } from "./platform.ts";

let platform: Platform;
let api: Running;
let people: Person[];
const workers: Running[] = [];
const EVERY_SECOND = { BUSINESS_INTERVAL_SECONDS: "1" };
const NOW = Math.floor(Date.now() / 1_000);
/** On a Monday, what was yesterday was last week. */
const YESTERDAY_COUNTS = new Date().getUTCDay() === 1 ? 0 : 1;

beforeAll(async () => {
  platform = await startPlatform();
  api = await platform.api();
  people = await Promise.all(["ann", "ben", "cora"].map((name) => person(api.httpPort, name)));
  await fillTheBooks();
});
afterAll(() => platform?.stop());
afterEach(() => Promise.all(workers.splice(0).map((worker) => worker.drain())));

async function startWorker(): Promise<Running> {
  const worker = await platform.worker(EVERY_SECOND);
  workers.push(worker);
  return worker;
}

const pay = (userId: string, paymentId: string, amountMinor: number, currency: string, createdAt = NOW) =>
  sendEvent(api.httpPort, event("payment.succeeded", { userId, paymentId, amountMinor, currency }, { createdAt }));

/** Three people; two ask, one of them for the first time; two pay, one of them for the first time. */
async function fillTheBooks(): Promise<void> {
  const [ann, ben, cora] = people as [Person, Person, Person];
  await getAs(api.httpPort, cora.token, "/api/v1/requests");
  const ask = (who: Person, mediaType: string, tmdbId: number) =>
    postAs(api.httpPort, who.token, "/api/v1/requests", { mediaType, tmdbId });
  await ask(ann, "movie", 101);
  await ask(ann, "tv", 102);
  await ask(ben, "movie", 103);
  const old = await ask(ben, "movie", 104);
  await platform.sql("UPDATE requests SET created_at = now() - interval '9 days' WHERE id = $1", [old.body.id]);
  await platform.sql("UPDATE requests SET status = 'available', delivered_at = now() WHERE tmdb_id IN (101, 104)");
  await pay(ann.id, "p1", 499, "EUR");
  await pay(ben.id, "p2", 999, "USD");
  await pay(ben.id, "p3", 999, "USD", NOW - 9 * 86_400);
  await pay(ann.id, "p4", 700, "EUR");
  const { id: userId } = ann;
  await sendEvent(api.httpPort, event("payment.refunded", { userId, paymentId: "p4", refundedMinor: 200 }));
  await sendEvent(api.httpPort, event("payment.failed", { userId, paymentId: "p5", amountMinor: 5, currency: "EUR" }));
  await sendEvent(api.httpPort, event("subscription.changed", { userId, planId: "standard", paidUntil: NOW + 86_400 }));
}

const sample = (name: string, labels: Record<string, string>) =>
  `${name}{${Object.entries(labels)
    .map(([key, value]) => `${key}="${value}"`)
    .join(",")}}`;
const shows = async (worker: Running) => (await metric(worker.adminPort, BUSINESS_COMPUTED_TIMESTAMP_SECONDS)) > 0;

test("the gauges are what was counted by hand, and the time of counting is beside them", async () => {
  const worker = await startWorker();
  await eventually(async () =>
    expect(await metric(worker.adminPort, sample(BUSINESS_ACTIVE, { period: "day", kind: "account" }))).toBe(3),
  );
  const expected: [string, Record<string, string>, number][] = ["day", "week"].flatMap((period): typeof expected => [
    [BUSINESS_REQUESTS, { period, media_type: "movie" }, 2],
    [BUSINESS_REQUESTS, { period, media_type: "tv" }, 1],
    [BUSINESS_DOWNLOADS, { period, media_type: "movie" }, 2],
    [BUSINESS_DOWNLOADS, { period, media_type: "tv" }, 0],
    [BUSINESS_ACTIVE, { period, kind: "account" }, 3],
    [BUSINESS_ACTIVE, { period, kind: "visitor" }, 1],
    [BUSINESS_FUNNEL, { period, stage: "visitor" }, 1],
    [BUSINESS_FUNNEL, { period, stage: "account" }, 3],
    [BUSINESS_FUNNEL, { period, stage: "requested" }, 1],
    [BUSINESS_FUNNEL, { period, stage: "paid" }, 1],
    [BUSINESS_REVENUE_MINOR, { period, currency: "EUR" }, 999],
    [BUSINESS_REVENUE_MINOR, { period, currency: "USD" }, 999],
    [BUSINESS_REVENUE_MINOR, { period, currency: "GBP" }, 0],
  ]);
  expected.push([BUSINESS_SUBSCRIPTIONS, { plan: "standard" }, 1], [BUSINESS_SUBSCRIPTIONS, { plan: "premium" }, 0]);
  const text = (await call(worker.adminPort, "/metrics")).body as string;
  const found = expected.map(([name, labels]) => [
    name,
    labels,
    Number(
      text
        .split("\n")
        .find((line) => line.startsWith(`${sample(name, labels)} `))
        ?.split(" ")
        .at(-1) ?? Number.NaN,
    ),
  ]);
  expect(found).toEqual(expected);
  const age = Date.now() / 1_000 - (await metric(worker.adminPort, BUSINESS_COMPUTED_TIMESTAMP_SECONDS));
  expect(age).toBeLessThan(5);
  // The control: nothing shows before it is counted, in a process that does not count.
  expect((await call(api.adminPort, "/metrics")).body).not.toContain(`${BUSINESS_REQUESTS}{`);
});

test("what happened earlier this week is in the week and not in the day", async () => {
  const [{ id }] = (await platform.sql<{ id: string }>("SELECT id FROM requests WHERE tmdb_id = 102")) as [
    { id: string },
  ];
  await platform.sql("UPDATE requests SET created_at = now() - interval '1 day' WHERE id = $1", [id]);
  const worker = await startWorker();
  await eventually(async () =>
    expect(await metric(worker.adminPort, sample(BUSINESS_REQUESTS, { period: "week", media_type: "tv" }))).toBe(
      YESTERDAY_COUNTS,
    ),
  );
  expect(await metric(worker.adminPort, sample(BUSINESS_REQUESTS, { period: "day", media_type: "tv" }))).toBe(0);
});

describe("one worker at a time", () => {
  test("of two one has the gauges; when it goes in order another has them at once, when it is killed within its lease", async () => {
    const [first, second] = [await startWorker(), await startWorker()];
    await eventually(async () => expect([await shows(first), await shows(second)].filter(Boolean)).toHaveLength(1));
    for (let n = 0; n < 5; n++) {
      await sleep(500);
      expect([await shows(first), await shows(second)].filter(Boolean)).toHaveLength(1);
    }
    const [holder, other] = (await shows(first)) ? [first, second] : [second, first];
    await holder.drain();
    await eventually(async () => expect(await shows(other)).toBe(true), 2_500);
    await other.drain();

    const doomed = platform.spawn("worker", EVERY_SECOND);
    const { adminPort } = (await doomed.logged("started")) as { adminPort: number };
    await eventually(async () =>
      expect(await metric(adminPort, BUSINESS_COMPUTED_TIMESTAMP_SECONDS)).toBeGreaterThan(0),
    );
    const heir = await startWorker();
    expect(await shows(heir)).toBe(false);
    doomed.child.kill("SIGKILL");
    await eventually(async () => expect(await shows(heir)).toBe(true), 8_000);
  }, 40_000);

  test("while it cannot count it shows the last figures with their time, and nothing once its lease is over", async () => {
    const worker = await startWorker();
    await eventually(async () => expect(await shows(worker)).toBe(true));
    await platform.sql("ALTER TABLE payments RENAME TO away");
    await sleep(1_500);
    const stale = await metric(worker.adminPort, BUSINESS_COMPUTED_TIMESTAMP_SECONDS);
    await sleep(2_000);
    expect(await metric(worker.adminPort, BUSINESS_COMPUTED_TIMESTAMP_SECONDS)).toBe(stale);
    await platform.sql("ALTER TABLE away RENAME TO payments");
    await eventually(async () =>
      expect(await metric(worker.adminPort, BUSINESS_COMPUTED_TIMESTAMP_SECONDS)).toBeGreaterThan(stale),
    );
    await platform.servers.kill("pgbouncer");
    await eventually(
      async () => expect((await call(worker.adminPort, "/metrics")).body).not.toContain(`${BUSINESS_REQUESTS}{`),
      10_000,
    );
    await platform.servers.restart("pgbouncer");
    await eventually(async () => expect(await shows(worker)).toBe(true), 10_000);
  }, 40_000);
});

test("each part of the statement reads an index, on a table that is worth one", async () => {
  await platform.sql(`INSERT INTO requests (user_id, media_type, tmdb_id, title, created_at)
    SELECT gen_random_uuid(), 'movie', n, 't', now() - n * interval '1 minute' FROM generate_series(20001, 120000) n`);
  await platform.sql(`INSERT INTO payments (id, user_id, state, amount_minor, currency, occurred_at, event_id)
    SELECT 'old' || n, gen_random_uuid(), 'succeeded', 1, 'EUR', now() - n * interval '1 minute', 'e' FROM generate_series(20001, 120000) n`);
  await platform.sql(
    "INSERT INTO activity SELECT current_date - 8, 'visitor', 'v' || n FROM generate_series(1, 50000) n",
  );
  await platform.sql("ANALYZE");
  const rows = await platform.sql<Record<string, string>>(`EXPLAIN ${FIGURES_SQL}`);
  const plan = rows.map((row) => row["QUERY PLAN"]).join("\n");
  for (const index of ["requests_made", "requests_delivered", "payments_succeeded", "activity_pkey"])
    expect(plan).toContain(index);
  expect(plan).not.toMatch(/Seq Scan on (requests|payments|activity)/);
});

test("every use of a feature is counted once, by its operation; what was refused is not", async () => {
  const [ann] = people as [Person];
  const count = (operation: string, kind: string) =>
    metric(api.adminPort, sample(FEATURE_USES_TOTAL, { operation, kind }));
  const before = [await count("listRequests", "view"), await count("createRequest", "action")] as const;
  for (let n = 0; n < 3; n++) await getAs(api.httpPort, ann.token, "/api/v1/requests");
  await getAs(api.httpPort, ann.token, "/api/v1/requests?limit=none");
  const wish = { mediaType: "movie", tmdbId: 777 };
  const key = { "idempotency-key": "counted-once" };
  for (let n = 0; n < 2; n++) await postAs(api.httpPort, ann.token, "/api/v1/requests", wish, key);
  await postAs(api.httpPort, ann.token, "/api/v1/requests", wish);
  expect([await count("listRequests", "view"), await count("createRequest", "action")]).toEqual([
    before[0] + 3,
    before[1] + 1,
  ]);
});

test("no stored visitor tells its address; no gauge has a label that is not in its list", async () => {
  const rows = await platform.sql<{ who: string }>(
    "SELECT who FROM activity WHERE kind = 'visitor' AND day = current_date",
  );
  for (const { who } of rows) expect(who).toMatch(/^[\w-]{22}$/);
  expect(JSON.stringify(rows)).not.toContain("127.0.0.1");
  for (const { values } of Object.values(FIGURES)) expect(values.length).toBeLessThan(10);
});
