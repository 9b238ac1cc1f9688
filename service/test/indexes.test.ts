import { readMigrations } from "../src/data/postgres/migrate.ts";
import { placeAt } from "../src/data/postgres/page.ts";
import { changedDownloads, type DownloadFilter, listDownloads } from "../src/data/repositories/downloads.ts";
import { type GroupFilter, listGroups, purgeGroups } from "../src/data/repositories/error-groups.ts";
import { purgeKeys } from "../src/data/repositories/idempotency.ts";
import { findSubscription, purgeUsage } from "../src/data/repositories/plans.ts";
import { changedRequests, listRequests, type RequestFilter } from "../src/data/repositories/requests.ts";
import { isWanted, wasUnderWay } from "../src/data/repositories/titles.ts";
import { findLogin, listUsers } from "../src/data/repositories/users.ts";
import { type Platform, startPlatform } from "./platform.ts";

let platform: Platform;

const ROWS = 100_000;
/** One after the other, a second apart, the last a day ago. */
const FILL = {
  requests: `INSERT INTO requests (user_id, media_type, tmdb_id, title, status, created_at, changed_at)
    SELECT 'u' || n % 500, CASE WHEN n % 3 = 0 THEN 'tv' ELSE 'movie' END, n, 't',
      CASE WHEN n % 1000 = 0 THEN 'declined' ELSE 'awaiting' END, at, at`,
  users:
    "INSERT INTO users (email, name, password_hash, created_at) SELECT 'u' || n || '@example.org', 'u', 'none', at",
  keys: `INSERT INTO idempotency_keys (id, body_mac, claim, claimed_until, created_at)
    SELECT decode(md5(n::text), 'hex'), '', gen_random_uuid(), now(), at`,
  errorGroups: `INSERT INTO error_groups (fingerprint, class, code, summary, frames, count, first_seen, last_seen,
    first_release, last_release, last_process, status, resolved_at)
    SELECT md5(n::text), CASE WHEN n % 1000 = 0 THEN 'business' ELSE 'system' END, 'internal', '', '{}', 1, at, at, '1',
      '1', 'api', CASE WHEN n % 1000 = 1 THEN 'regressed' ELSE 'open' END, at`,
  payments: `INSERT INTO payments (id, user_id, state, currency, occurred_at, event_id)
    SELECT n, md5((n % 500)::text)::uuid, 'succeeded', 'EUR', at, n`,
  usage: "INSERT INTO request_usage (user_id, week, used) SELECT 'u' || n, current_date - n % 40, 1",
};
const DOWNLOADS = `INSERT INTO downloads (request_id, user_id, status, created_at, changed_at)
  SELECT id, user_id, CASE WHEN tmdb_id % 1000 = 0 THEN 'failed' ELSE 'cancelled' END, created_at, changed_at FROM requests`;

beforeAll(async () => {
  platform = await startPlatform();
  await platform.api();
  for (const sql of Object.values(FILL))
    await platform.sql(
      `${sql} FROM (SELECT n, now() - n * interval '1 second' AS at FROM generate_series(1, ${ROWS}) n) AS each_second`,
    );
  await platform.sql(DOWNLOADS);
  await platform.sql("ANALYZE");
}, 120_000);
afterAll(() => platform?.stop());

/** The SQL that a repository's function sends, explained instead of done. */
async function planOf(read: (from: never) => Promise<unknown>): Promise<string> {
  const said: [string, unknown[] | undefined][] = [];
  // As a connection inside a transaction; some functions take nothing for an error, and are not asked about it.
  const listening = {
    query: async (text: string, values?: unknown[]) => ({ rows: said.push([text, values]) && [] }),
    release() {},
  };
  await read(listening as never).catch(() => {});
  const [[text, values]] = said as [[string, unknown[] | undefined]];
  return JSON.stringify(await platform.sql(`EXPLAIN ${text}`, values));
}

/** In the middle of the rows: beyond all of them any index would do. */
const HALF_A_DAY_AGO = new Date(Date.now() - 43_200_000).toISOString().slice(0, 19).replace("T", " ");
const AFTER = Buffer.from(`${HALF_A_DAY_AGO}+00|00000000-0000-4000-8000-000000000000`).toString("base64url");
const AFTER_GROUP = Buffer.from(`${HALF_A_DAY_AGO}+00|${"0".repeat(32)}`).toString("base64url");
const NOBODYS = "00000000-0000-4000-8000-000000000000";
const requests: [string, RequestFilter, string | undefined, string][] = [
  ["one's own requests", { userId: "u7" }, undefined, "requests_page_of_user"],
  ["a later page of them", { userId: "u7" }, AFTER, "requests_page_of_user"],
  ["one's own in one state", { userId: "u7", status: "awaiting" }, undefined, "requests_page_of_"],
  ["all users'", {}, undefined, "requests_page on"],
  ["a later page of all users'", {}, AFTER, "requests_page on"],
  ["all users' of one kind", { mediaType: "tv" }, undefined, "requests_page on"],
  ["all users' in a rare state", { status: "declined" }, undefined, "requests_page_of_status"],
];
test.each(requests)("among 100,000 rows %s are found by an index, in order", async (_name, filter, cursor, index) => {
  const plan = await planOf((from) => listRequests(from, filter, 20, cursor));
  expect(plan).toContain(`using ${index}`);
  expect(plan).not.toMatch(/"Sort|Seq Scan/);
});

const downloads: [string, DownloadFilter, string | undefined, string][] = [
  ["one's own downloads", { userId: "u7" }, undefined, "downloads_page_of_user"],
  ["a later page of them", { userId: "u7" }, AFTER, "downloads_page_of_user"],
  ["all users' downloads", {}, undefined, "downloads_page on"],
  ["a later page of all", {}, AFTER, "downloads_page on"],
  ["downloads in a rare state", { status: "failed" }, undefined, "downloads_page_of_status"],
  ["those of one request", { requestId: NOBODYS }, undefined, "downloads_page_of_request"],
];
test.each(downloads)("and so are %s", async (_name, filter, cursor, index) => {
  const plan = await planOf((from) => listDownloads(from, filter, 20, cursor));
  expect(plan).toContain(`using ${index}`);
  expect(plan).not.toMatch(/"Sort|Seq Scan/);
});

const errorGroups: [string, GroupFilter, string | undefined, string][] = [
  ["errors", {}, undefined, "error_groups_page on"],
  ["a later page of them", {}, AFTER_GROUP, "error_groups_page on"],
  ["errors in a rare state", { status: "regressed" }, undefined, "error_groups_page_of_status"],
  ["errors of a rare class", { class: "business" }, undefined, "error_groups_page_of_class"],
];
test.each(errorGroups)("and so are %s", async (_name, filter, cursor, index) => {
  const plan = await planOf((from) => listGroups(from, filter, 20, cursor));
  expect(plan).toContain(`using ${index}`);
  expect(plan).not.toMatch(/"Sort|Seq Scan/);
});

const LATELY = placeAt(new Date(Date.now() - 300_000));
const others: [string, (from: never) => Promise<unknown>, string][] = [
  ["accounts", (from) => listUsers(from, 20, undefined), "users_page"],
  ["an account by its address", (from) => findLogin(from, "u7@example.org"), "users_email_key"],
  ["requests that changed, for the sweep", (from) => changedRequests(from, LATELY, 500), "requests_changed"],
  ["downloads that changed, for the sweep", (from) => changedDownloads(from, LATELY, 500), "downloads_changed"],
  ["an account's last payment", (from) => findSubscription(from, NOBODYS), "payments_of_user"],
  ["keys that are past their time", purgeKeys, "idempotency_keys_created_at"],
  ["weeks that are past theirs", purgeUsage, "request_usage_week"],
  ["errors that did not come for long", purgeGroups, "error_groups_page"],
];
test.each(others)("and so are %s", async (_name, read, index) => {
  const plan = await planOf(read);
  expect(plan).toMatch(new RegExp(`${index}\\b`));
  expect(plan).not.toMatch(
    /Seq Scan on (requests|downloads|users|payments|idempotency_keys|request_usage|error_groups)/,
  );
});

test("and so is what a title is asked of", async () => {
  const title = { mediaType: "movie", tmdbId: 77_777 } as const;
  expect(await planOf((from) => wasUnderWay(from, title, new Date().toISOString()))).toContain("requests_of_title");
  expect(await planOf((from) => isWanted(from, title))).not.toContain("Seq Scan");
});

test("the test can fail: a query without an index is seen", async () => {
  const plan = JSON.stringify(await platform.sql("EXPLAIN SELECT * FROM requests WHERE title = 'x' ORDER BY title"));
  expect(plan).toContain("Seq Scan");
});

test("each index of the migrations is under a comment that names what it serves", () => {
  for (const { name, sql } of readMigrations()) {
    const lines = sql.split("\n");
    lines.forEach((line, at) => {
      if (!/^CREATE (UNIQUE )?INDEX/.test(line)) return;
      const before = lines.slice(0, at).findLast((earlier) => !/^(CREATE (UNIQUE )?INDEX|\s)/.test(earlier));
      expect([name, line, before]).toEqual([name, line, expect.stringMatching(/^-- \S/)]);
    });
  }
});
