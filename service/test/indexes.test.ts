import type { Reader } from "../src/data/database.ts";
import { listRequests, type RequestFilter } from "../src/data/requests.ts";
import { isWanted, wasUnderWay } from "../src/data/titles.ts";
import { findLogin, listUsers } from "../src/data/users.ts";
import { readMigrations } from "../src/migrate.ts";
import { type Platform, startPlatform } from "./platform.ts";

let platform: Platform;

beforeAll(async () => {
  platform = await startPlatform();
  await platform.api();
  await platform.sql(`INSERT INTO requests (user_id, media_type, tmdb_id, title, status, created_at)
    SELECT 'u' || n % 500, CASE WHEN n % 3 = 0 THEN 'tv' ELSE 'movie' END, n, 't',
      CASE WHEN n % 1000 = 0 THEN 'declined' ELSE 'awaiting' END, now() - n * interval '1 second'
    FROM generate_series(1, 100000) n`);
  await platform.sql(`INSERT INTO users (email, name, password_hash, created_at)
    SELECT 'u' || n || '@example.org', 'u', 'none', now() - n * interval '1 second' FROM generate_series(1, 100000) n`);
  await platform.sql(`INSERT INTO idempotency_keys (id, body_mac, claim, claimed_until, created_at)
    SELECT decode(md5(n::text), 'hex'), '', gen_random_uuid(), now(), now() - n * interval '1 second'
    FROM generate_series(1, 100000) n`);
  await platform.sql("ANALYZE");
}, 60_000);
afterAll(() => platform?.stop());

/** The SQL that a repository's function sends, explained instead of done. */
async function planOf(read: (from: Reader) => Promise<unknown>): Promise<string> {
  const said: [string, unknown[]][] = [];
  // As a connection inside a transaction.
  const listening = {
    query: async (text: string, values: unknown[]) => ({ rows: said.push([text, values]) && [] }),
    release() {},
  };
  await read(listening as unknown as Reader);
  const [[text, values]] = said as [[string, unknown[]]];
  return JSON.stringify(await platform.sql(`EXPLAIN ${text}`, values));
}

/** In the middle of the rows: beyond all of them any index would do. */
const HALF_A_DAY_AGO = new Date(Date.now() - 43_200_000).toISOString().slice(0, 19).replace("T", " ");
const AFTER = Buffer.from(`${HALF_A_DAY_AGO}+00|00000000-0000-4000-8000-000000000000`).toString("base64url");
const requests: [string, RequestFilter, string | undefined, string][] = [
  ["one's own requests", { userId: "u7" }, undefined, "requests_page_of_user"],
  ["a later page of them", { userId: "u7" }, AFTER, "requests_page_of_user"],
  ["one's own in one state", { userId: "u7", status: "awaiting" }, undefined, "requests_page_of_"],
  ["everybody's", {}, undefined, "requests_page on"],
  ["a later page of everybody's", {}, AFTER, "requests_page on"],
  ["everybody's of one kind", { mediaType: "tv" }, undefined, "requests_page on"],
  ["everybody's in a rare state", { status: "declined" }, undefined, "requests_page_of_status"],
];
test.each(requests)("among 100,000 rows %s are found by an index, in order", async (_name, filter, cursor, index) => {
  const plan = await planOf((from) => listRequests(from, filter, 20, cursor));
  expect(plan).toContain(`using ${index}`);
  expect(plan).not.toMatch(/"Sort|Seq Scan/);
});

test("and so is what a title is asked of", async () => {
  const title = { mediaType: "movie", tmdbId: 77_777 } as const;
  expect(await planOf((from) => wasUnderWay(from, title, new Date().toISOString()))).toContain("requests_of_title");
  expect(await planOf((from) => isWanted(from, title))).not.toContain("Seq Scan");
});

test("and so are accounts, by page and by address, and the keys that are past their time", async () => {
  expect(await planOf((from) => listUsers(from, 20, undefined))).toContain("using users_page on");
  expect(await planOf((from) => findLogin(from as never, "u7@example.org"))).toContain("users_email_key");
  const purge = "EXPLAIN DELETE FROM idempotency_keys WHERE created_at < now() - interval '27 hours'";
  expect(JSON.stringify(await platform.sql(purge))).toContain("idempotency_keys_created_at");
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
