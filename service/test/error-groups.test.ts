import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { groupStore } from "../src/data/repositories/error-groups.ts";
import { Problem } from "../src/errors/problem.ts";
import { ErrorReports } from "../src/errors/reports.ts";
import { createMetrics } from "../src/observability/metrics/metrics.ts";
import { ERROR_GROUPS_TOTAL, ERROR_REPORTS_TOTAL } from "../src/observability/metrics/names.ts";
import type { Running } from "../src/process/lifecycle.ts";
import { call, getAs, idempotent, metric, person, post, postAs } from "./calls.ts";
import { DEV_TOKEN, eventually, meddle, type Platform, readableLog, startPlatform } from "./platform.ts";

let platform: Platform;
let api: Running;
let nextId = 80_000;
const ERRORS = "/api/v1/admin/errors";
const { log, lines } = readableLog("api");

beforeAll(async () => {
  platform = await startPlatform();
  api = await platform.api({ SERVICE_VERSION: "1.0.0" }, { log });
});
afterAll(() => platform?.stop());

interface Group {
  fingerprint: string;
  code: string;
  status: string;
  count: number;
  frames: string[];
  firstRelease: string;
  lastRelease: string;
  sampleRequestId: string | null;
  sampleTraceId: string | null;
}

const list = async (query = "limit=100") => {
  const { body } = await getAs(api.httpPort, DEV_TOKEN, `${ERRORS}?${query}`);
  return body as { items: Group[]; nextCursor: string | null };
};
const groupsOf = async (code: string) => (await list()).items.filter((group) => group.code === code);
/** The one group of a code, once its count is as expected. */
const oneOf = (code: string, count: number) =>
  eventually(async () => {
    const groups = await groupsOf(code);
    expect(groups).toEqual([expect.objectContaining({ code, count })]);
    return groups[0] as Group;
  });
/** A bug that any process can be made to have: a column is gone. */
const broken = async <T>(work: () => Promise<T>): Promise<T> => {
  await platform.sql("ALTER TABLE requests RENAME COLUMN title TO away");
  try {
    return await work();
  } finally {
    await platform.sql("ALTER TABLE requests RENAME COLUMN away TO title");
  }
};
const wish = () => ({ mediaType: "movie", tmdbId: ++nextId });

test("an error of two pods and two releases is one group, with a sample that leads to its trace", async () => {
  const newer = await platform.api({ SERVICE_VERSION: "1.1.0" });
  const other = await platform.api({ SERVICE_VERSION: "1.0.0", TRACE_SAMPLE_RATIO: "0" });
  const answers = await broken(async () => [
    await post(api.httpPort, wish()),
    await post(other.httpPort, wish()),
    await post(newer.httpPort, wish()),
  ]);
  expect(answers.map(({ status }) => status)).toEqual([500, 500, 500]);
  const group = await oneOf("internal", 3);
  expect(group).toMatchObject({ status: "open", class: "system", lastProcess: "api" });
  // By the time of the errors, not by which process reported first.
  expect(group).toMatchObject({ firstRelease: "1.0.0", lastRelease: "1.1.0" });
  const ids = answers.map(({ headers }) => headers.get("x-request-id"));
  const traces = answers.map(({ headers }) => headers.get("x-trace-id"));
  expect(ids).toContain(group.sampleRequestId);
  expect(traces.indexOf(group.sampleTraceId)).toBe(ids.indexOf(group.sampleRequestId));
  expect(group.frames.join()).toContain("src/data/repositories/requests.ts");
  expect(await getAs(api.httpPort, DEV_TOKEN, `${ERRORS}/${group.fingerprint}`)).toMatchObject({ body: group });
});

test("the control: another error at another place is another group", async () => {
  await broken(() => getAs(api.httpPort, DEV_TOKEN, "/api/v1/requests"));
  await eventually(async () => expect(await groupsOf("internal")).toHaveLength(2));
});

test("a worker's failed job is reported too", async () => {
  await platform.worker();
  const tmdbId = ++nextId;
  const raise = `IF NEW.tmdb_id = ${tmdbId} THEN RAISE 'no delivery of %', NEW.id; END IF;`;
  const mend = await meddle(platform, "BEFORE UPDATE ON requests", raise);
  await post(api.httpPort, { mediaType: "movie", tmdbId });
  await eventually(async () => {
    const found = (await groupsOf("internal")) as (Group & { lastProcess: string; summary: string })[];
    const job = found.find(({ lastProcess }) => lastProcess === "worker");
    expect(job?.summary).toBe("DatabaseError P0001: no delivery of <id>");
  });
  await mend();
});

describe("resolved", () => {
  let group: Group;
  const send = (to: Running) => call(to.httpPort, "/api/v1/requests", { method: "PATCH" });
  const now = async () => (await getAs(api.httpPort, DEV_TOKEN, `${ERRORS}/${group.fingerprint}`)).body as Group;

  test("by who may, once per key", async () => {
    await send(api);
    group = await oneOf("method-not-allowed", 1);
    const resolve = (token: string) =>
      postAs(api.httpPort, token, `${ERRORS}/${group.fingerprint}/resolve`, {}, idempotent("resolve-once"));
    expect(await resolve((await person(api.httpPort, "nosy", "moderator")).token)).toMatchObject({ status: 403 });
    const answers = [await resolve(DEV_TOKEN), await resolve(DEV_TOKEN)];
    expect(answers[0]).toMatchObject({ status: 200, body: { status: "resolved", regressedAt: null } });
    expect(answers[1]?.body).toEqual(answers[0]?.body);
  });

  test("it stays so while the releases of before go on with it", async () => {
    await send(api);
    await eventually(async () => expect(await now()).toMatchObject({ count: 2, status: "resolved" }));
  });

  test("a release that began later reopens it, once", async () => {
    const next = await platform.api({ SERVICE_VERSION: "0.9.9-hotfix" });
    await send(next);
    await eventually(async () =>
      expect(await now()).toMatchObject({ count: 3, status: "regressed", lastRelease: "0.9.9-hotfix" }),
    );
    await send(next);
    await eventually(async () => expect((await now()).count).toBe(4));
    expect(await metric(next.adminPort, `${ERROR_GROUPS_TOTAL}{change="regressed"}`)).toBe(1);
    expect(await metric(next.adminPort, `${ERROR_GROUPS_TOTAL}{change="new"}`)).toBe(0);
  });
});

describe("the list", () => {
  test("has each group once, in pages, by status and class", async () => {
    for (const path of ["/api/v1/nothing", "/api/v1/requests?limit=0"]) await call(api.httpPort, path);
    await call(api.httpPort, "/api/v1/requests", { headers: { authorization: "Bearer x" } });
    await eventually(async () => expect((await list()).items.length).toBeGreaterThanOrEqual(6));
    const all = (await list()).items.map(({ fingerprint }) => fingerprint);
    const walked: string[] = [];
    for (let cursor: string | null = ""; cursor !== null; ) {
      const page = await list(`limit=2${cursor && `&cursor=${cursor}`}`);
      walked.push(...page.items.map(({ fingerprint }) => fingerprint));
      cursor = page.nextCursor;
    }
    expect(walked).toEqual(all);
    expect(new Set(walked).size).toBe(walked.length);
    expect((await list("status=regressed")).items.map(({ code }) => code)).toEqual(["method-not-allowed"]);
    expect((await list("class=authentication")).items.map(({ code }) => code)).toEqual(["unauthenticated"]);
    expect((await list("class=authentication&status=resolved")).items).toEqual([]);
  });

  test("is for administrators", async () => {
    const { token } = await person(api.httpPort, "curious");
    expect(await getAs(api.httpPort, token, ERRORS)).toMatchObject({ status: 403 });
    const { token: admin } = await person(api.httpPort, "admin", "admin");
    expect(await getAs(api.httpPort, admin, ERRORS)).toMatchObject({ status: 200 });
  });

  test.each(["0123456789abcdef0123456789abcdef", "x"])("there is no group %s", async (fingerprint) => {
    expect(await getAs(api.httpPort, DEV_TOKEN, `${ERRORS}/${fingerprint}`)).toMatchObject({ status: 404 });
    const resolved = await postAs(api.httpPort, DEV_TOKEN, `${ERRORS}/${fingerprint}/resolve`);
    expect(resolved).toMatchObject({ status: 404, body: { code: "not-found" } });
  });
});

test("without the database no request waits for the report, and nothing is lost when it is back", async () => {
  const before = lines.filter(({ msg }) => msg === "error groups cannot be stored: they wait").length;
  // The five of the tests above.
  await oneOf("not-found", 5);
  await platform.servers.kill("pgbouncer");
  const started = performance.now();
  for (let n = 0; n < 50; n++) expect((await call(api.httpPort, "/api/v1/nothing")).status).toBe(404);
  expect(performance.now() - started).toBeLessThan(2_000);
  await eventually(() =>
    expect(lines.filter(({ msg }) => msg === "error groups cannot be stored: they wait")).toHaveLength(before + 1),
  );
  await sleep(2_500);
  expect(lines.filter(({ msg }) => msg === "error groups cannot be stored: they wait")).toHaveLength(before + 1);
  await platform.servers.restart("pgbouncer");
  await oneOf("not-found", 55);
});

test("a process that ends stores what waits; without the database it says so instead", async () => {
  const leaving = await platform.api();
  await postAs(leaving.httpPort, "", "/api/v1/auth/refresh", { refreshToken: "none" });
  await leaving.drain();
  await oneOf("session-ended", 1);

  const cut = readableLog("api");
  const doomed = await platform.api({}, { log: cut.log });
  await platform.servers.kill("pgbouncer");
  await call(doomed.httpPort, "/api/v1/nothing");
  await doomed.drain();
  await platform.servers.restart("pgbouncer");
  const lost = cut.lines.filter(({ msg }) => msg === "an error group was not stored");
  expect(lost).toEqual([expect.objectContaining({ group: expect.objectContaining({ code: "not-found", count: 1 }) })]);
});

test("an error with text that no database keeps is stored, and one that is refused costs no other", async () => {
  const pool = new pg.Pool({ host: "127.0.0.1", port: platform.servers.postgresPort, user: "media", max: 1 });
  pool.on("error", () => {});
  const { log, lines } = readableLog("api");
  const metrics = createMetrics("1");
  const reports = new ErrorReports({ store: groupStore(pool), log, metrics, release: "1.0.0", process: "api" });
  const bug = (message: string) => new Problem("internal", { cause: new Error(message) });
  // The cut of a long message goes through the pair.
  for (const text of [
    `${"odd ".repeat(74)}xxx\u{1f600}`,
    "odd \0 byte",
    "odd \ud800 half",
    "odd poison",
    "odd but well",
  ])
    reports.report(bug(text));
  await platform.sql("ALTER TABLE error_groups ADD CONSTRAINT picky CHECK (summary NOT LIKE '%poison%') NOT VALID");
  await reports.flush();
  await platform.sql("ALTER TABLE error_groups DROP CONSTRAINT picky");
  const stored = await platform.sql<{ summary: string }>(
    "SELECT summary FROM error_groups WHERE summary LIKE '%odd %'",
  );
  const ends = ["odd xxx\ufffd", "odd but well", "odd \ufffd byte", "odd \ufffd half"];
  expect(stored.map(({ summary }) => ends.find((end) => summary.endsWith(end))).sort()).toEqual(ends.sort());
  const refused = lines.filter(({ msg }) => msg === "an error group was refused by the database");
  expect(refused).toEqual([expect.objectContaining({ group: expect.objectContaining({ count: 1 }) })]);
  // Nothing waits to be tried again.
  await reports.close();
  const text = await metrics.registry.metrics();
  expect(text).toContain(`${ERROR_REPORTS_TOTAL}{class="system",outcome="stored"} 4`);
  expect(text).toContain(`${ERROR_REPORTS_TOTAL}{class="system",outcome="dropped"} 1`);
  expect(lines.some(({ msg }) => msg === "error groups cannot be stored: they wait")).toBe(false);
  await pool.end();
});

test("stored errors are counted by class", async () => {
  expect(await metric(api.adminPort, `${ERROR_REPORTS_TOTAL}{class="business",outcome="stored"}`)).toBeGreaterThan(50);
  expect(await metric(api.adminPort, `${ERROR_GROUPS_TOTAL}{change="new"}`)).toBeGreaterThan(3);
});
