import { setTimeout as sleep } from "node:timers/promises";
import { CATALOGUE } from "../src/errors/catalogue.ts";
import { ADMISSION_IN_FLIGHT, ADMISSION_LIMIT, ADMISSION_SHED_TOTAL } from "../src/observability/metrics/names.ts";
import type { Running } from "../src/process/lifecycle.ts";
import { SHARES } from "../src/resilience/admission/priorities.ts";
import { call, metric, post } from "./calls.ts";
import { keepsContract } from "./contract.ts";
import { DEV_TOKEN, eventually, IN_TIME, meddle, type Platform, readableLog, startPlatform } from "./platform.ts";

let platform: Platform;
let api: Running;
const { log, lines } = readableLog("api");
beforeAll(async () => {
  platform = await startPlatform();
  api = await platform.api({}, { log });
});
afterAll(() => platform?.stop());

const limit = (resource = "process", of = api) => metric(of.adminPort, `${ADMISSION_LIMIT}{resource="${resource}"}`);
const inFlight = (priority: string) => metric(api.adminPort, `${ADMISSION_IN_FLIGHT}{priority="${priority}"}`);

/** All of them are let in by a process that is in time. */
const CALLERS = 120;
const TRAILERS = /^\/api\/v1\/titles\/movie\/\d+\/trailers$/;

/** Keeps the event loop from its work, most of the time, as too many requests would. */
async function busy(ms: number): Promise<void> {
  for (const end = Date.now() + ms; Date.now() < end; await sleep(0)) {
    const pause = performance.now() + 60;
    while (performance.now() < pause);
  }
}

test("a process that is late lets fewer in, tells the rest when to come back, and opens again within 10 s", async () => {
  await eventually(async () => expect((await limit()) * SHARES.interactive).toBeGreaterThan(CALLERS), 15_000);
  await platform.knobs({ latencyMs: 1_400 });
  const started = Date.now();
  await busy(700);
  const path = (n: number) => `/api/v1/titles/movie/${n + 1}/trailers`;
  const late = await Promise.all(Array.from({ length: CALLERS }, (_, n) => ask(path(n))));
  const refused = late.filter(({ body }) => body.code === "overloaded" && body.dependency === undefined);
  expect(refused.length).toBeGreaterThan(0);
  for (const { status, headers, body, text } of refused) {
    expect(status).toBe(503);
    expect(body).toMatchObject({
      code: "overloaded",
      title: CATALOGUE.overloaded.title,
      instance: expect.stringMatching(TRAILERS),
    });
    expect(body.requestId).toBe(headers.get("x-request-id"));
    expect(Number(headers.get("content-length"))).toBe(Buffer.byteLength(text));
    expect(Number(headers.get("retry-after"))).toBeGreaterThan(0);
    keepsContract("GET", body.instance, { status: 503, type: headers.get("content-type") ?? "", body });
  }
  // Not all get the same delay, else they would all come back together.
  expect(new Set(refused.map(({ headers }) => headers.get("retry-after"))).size).toBeGreaterThan(1);
  await platform.knobs();
  await eventually(async () => expect((await call(api.httpPort, "/api/v1/requests")).status).toBe(200), 10_000);
  await eventually(async () => expect(await limit()).toBeGreaterThan(100), 10_000);
  expect(Date.now() - started).toBeLessThan(20_000);
  expect(await inFlight("interactive")).toBe(0);
  const counted = await metric(api.adminPort, `${ADMISSION_SHED_TOTAL}{priority="interactive"}`);
  expect(counted).toBeGreaterThanOrEqual(refused.length);
  // One line a second at most, however many are refused.
  const reports = lines.filter(({ msg }) => msg === "requests refused: overloaded");
  expect(reports.length).toBeGreaterThan(0);
  expect(reports.length).toBeLessThan(8);
}, 40_000);

test("a slow dependency is no overload: what does not need it is let in", async () => {
  const inTime = await platform.api({}, IN_TIME);
  await platform.knobs({ latencyMs: 1_000 });
  const search = (n: number) => ask(`/api/v1/search?mediaType=tv&query=slow-${n}`, inTime);
  const load = Promise.all(Array.from({ length: 60 }, (_, n) => search(n)));
  try {
    for (let n = 0; n < 20; n++) expect((await call(inTime.httpPort, "/api/v1/requests")).status).toBe(200);
  } finally {
    await load;
  }
  for (const resource of ["process", "primary", "replica"]) expect(await limit(resource, inTime)).toBe(1_024);
  await platform.knobs();
}, 40_000);

test("writes that would wait long for a connection are refused by admission control, and nothing else is", async () => {
  const quickAgain = await meddle(platform, "BEFORE INSERT ON requests", "PERFORM pg_sleep(0.1);");
  const created = new Set<number>();
  let refused = 0;
  let tmdbId = 0;
  const end = Date.now() + 3_000;
  // More than are let in to the primary in any case, and so few that a late process refuses no list for them.
  const client = async () => {
    while (Date.now() < end) {
      const { status, body } = await post(api.httpPort, { mediaType: "movie", tmdbId: ++tmdbId });
      if (status === 201) created.add(body.tmdbId);
      else if (body.code === "overloaded" && body.dependency === undefined) refused += 1;
      else throw new Error(`${status} ${JSON.stringify(body)}`);
      await sleep(status === 201 ? 0 : 100);
    }
  };
  const reader = async () => {
    while (Date.now() < end) {
      expect((await call(api.httpPort, "/api/v1/requests?limit=1")).status).toBe(200);
      await sleep(100);
    }
  };
  await Promise.all([reader(), ...Array.from({ length: 28 }, client)]);
  expect(refused).toBeGreaterThan(10);
  expect(created.size).toBeGreaterThan(10);
  expect(await limit("primary")).toBeLessThan(100);
  expect(await limit("replica")).toBeGreaterThan(100);
  await quickAgain();
  await eventually(async () =>
    expect((await post(api.httpPort, { mediaType: "movie", tmdbId: ++tmdbId })).status).toBe(201),
  );
}, 40_000);

async function ask(path: string, of = api) {
  const answer = await fetch(`http://127.0.0.1:${of.httpPort}${path}`, {
    headers: { authorization: `Bearer ${DEV_TOKEN}` },
  });
  const text = await answer.text();
  return { status: answer.status, headers: answer.headers, text, body: JSON.parse(text) };
}
