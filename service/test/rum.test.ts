import fc from "fast-check";
import { LAYOUT_SHIFT, NAVIGATION_PHASE_SECONDS, WEB_VITAL_SECONDS } from "../src/observability/metrics/names.ts";
import { PAGES, PHASES, SHIFT_BUCKETS, VITAL_BUCKETS_SECONDS } from "../src/observability/metrics/page-timings.ts";
import type { Running } from "../src/process/lifecycle.ts";
import { call, metric } from "./calls.ts";
import { type Platform, startPlatform } from "./platform.ts";

let platform: Platform;
let api: Running;

beforeAll(async () => {
  platform = await startPlatform();
  api = await platform.api({ BEACON_RATE_LIMIT_PER_MINUTE: "1000" });
});
afterAll(() => platform?.stop());

/** As `navigator.sendBeacon` does: no token, and a string goes out as text. */
const send = (body: unknown, type = "text/plain;charset=UTF-8", to = api) =>
  call(to.httpPort, "/api/v1/rum", {
    method: "POST",
    body: typeof body === "string" ? body : JSON.stringify(body),
    headers: { "content-type": type, authorization: "" },
  });
const scrape = async () =>
  (await call(api.adminPort, "/metrics", { headers: { accept: "application/openmetrics-text" } })).body as string;
const samplesOf = (text: string) =>
  text
    .split("\n")
    .filter((line) =>
      [WEB_VITAL_SECONDS, LAYOUT_SHIFT, NAVIGATION_PHASE_SECONDS].some((name) => line.startsWith(name)),
    );

test("what a browser sends is in the histograms, in seconds", async () => {
  const report = {
    page: "/requests/{id}",
    vitals: { lcp: 2_400, inp: 150, fcp: 900, ttfb: 300.5, cls: 0.07 },
    navigation: { redirect: 0, dns: 12, connect: 20, tls: 15, request: 200, response: 30, dom: 700, load: 5 },
  };
  for (const type of ["text/plain;charset=UTF-8", "application/json"])
    expect(await send(report, type)).toMatchObject({ status: 204, body: "" });
  const vital = (name: string) => `{page="/requests/{id}",vital="${name}"}`;
  expect(await metric(api.adminPort, `${WEB_VITAL_SECONDS}_sum${vital("lcp")}`)).toBeCloseTo(4.8);
  expect(await metric(api.adminPort, `${WEB_VITAL_SECONDS}_count${vital("inp")}`)).toBe(2);
  expect(await metric(api.adminPort, `${LAYOUT_SHIFT}_sum{page="/requests/{id}"}`)).toBeCloseTo(0.14);
  for (const phase of PHASES) {
    const count = `${NAVIGATION_PHASE_SECONDS}_count{page="/requests/{id}",phase="${phase}"}`;
    expect(await metric(api.adminPort, count)).toBe(2);
  }
});

test("what was not measured is not counted, least of all as 0", async () => {
  const before = samplesOf(await scrape());
  expect((await send({ page: "/login", vitals: {} })).status).toBe(204);
  expect((await send({ page: "/login" })).status).toBe(204);
  expect(samplesOf(await scrape())).toEqual(before);
});

test("a sampled trace is the exemplar; one that was not kept is none", async () => {
  const [kept, dropped] = ["4bf92f3577b34da6a3ce929d0e0e4736", "11f92f3577b34da6a3ce929d0e0e4736"];
  const report = (traceId: string, flags: string, page: string) =>
    send({ page, vitals: { lcp: 3_000 }, traceparent: `00-${traceId}-00f067aa0ba902b7-${flags}` });
  await report(kept, "01", "/library");
  await report(dropped, "00", "/account");
  await report("0".repeat(32), "01", "/account");
  const lines = samplesOf(await scrape());
  expect(lines.filter((line) => line.includes(`trace_id="${kept}"`))).toHaveLength(1);
  expect(lines.some((line) => line.includes('page="/account"') && line.includes("trace_id"))).toBe(false);
});

const trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
test.each<[string, unknown, string]>([
  ["a page of its own choice", { page: "/requests/17" }, "validation-failed"],
  ["a vital that there is not", { page: "/", vitals: { fid: 1 } }, "validation-failed"],
  ["a negative time", { page: "/", vitals: { lcp: -1 } }, "validation-failed"],
  ["more than an hour", { page: "/", vitals: { lcp: 3_600_001 } }, "validation-failed"],
  ["no number", { page: "/", vitals: { lcp: "1" } }, "validation-failed"],
  ["more than a number holds", '{"page":"/","vitals":{"lcp":1e999}}', "validation-failed"],
  ["a trace with a line end", { page: "/", traceparent: `${trace}\n` }, "validation-failed"],
  ["a trace that is none", { page: "/", traceparent: '" } 1' }, "validation-failed"],
  ["no object", "17", "malformed-body"],
  ["no JSON", "lcp=1", "malformed-body"],
  ["nothing", "", "validation-failed"],
  ["a book", { page: "x".repeat(20_000) }, "body-too-large"],
  ["a deep tree", `{"page":"/","vitals":${"[".repeat(8_000)}${"]".repeat(8_000)}}`, "validation-failed"],
])("%s is refused and leaves no sample", async (_name, body, code) => {
  const before = samplesOf(await scrape());
  expect((await send(body)).body.code).toBe(code);
  expect(samplesOf(await scrape())).toEqual(before);
});

test("garbage of any kind is a 4xx, and makes no new label", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(
        fc.string(),
        fc.json(),
        fc.object().map((o) => JSON.stringify({ page: "/", ...o })),
      ),
      async (body) => {
        const { status } = await send(body);
        expect(status === 204 || (status >= 400 && status < 500)).toBe(true);
      },
    ),
    { numRuns: 200 },
  );
  const pages = [
    ...(await scrape()).matchAll(/media_(?:web_vital|navigation|layout)[^{]*\{[^}]*page="((?:\\.|[^"])*)"/g),
  ];
  for (const [, page] of pages) expect(PAGES).toContain(page);
});

test("other types are refused; too many have to wait, and do not use up the tries to sign in", async () => {
  expect((await send({ page: "/" }, "text/html")).body.code).toBe("unsupported-media-type");
  const strict = await platform.api({ BEACON_RATE_LIMIT_PER_MINUTE: "1" });
  await send({ page: "/" }, "text/plain", strict);
  const answer = await send({ page: "/" }, "text/plain", strict);
  expect(answer).toMatchObject({ status: 429, body: { code: "rate-limited" } });
  expect((await call(strict.httpPort, "/api/v1/plans", { headers: { authorization: "" } })).status).toBe(200);
});

test("the bounds of good and poor are bucket edges", () => {
  expect(VITAL_BUCKETS_SECONDS).toEqual(expect.arrayContaining([2.5, 4, 0.2, 0.5, 1.8, 3, 0.8]));
  expect(SHIFT_BUCKETS).toEqual(expect.arrayContaining([0.1, 0.25]));
  for (const buckets of [VITAL_BUCKETS_SECONDS, SHIFT_BUCKETS])
    expect([...buckets]).toEqual(buckets.toSorted((a, b) => a - b));
});
