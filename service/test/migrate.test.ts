import { setTimeout as sleep } from "node:timers/promises";
import { type LedgerRow, ledgerHash, nextRow, verifyChain } from "@media/drills/ledger";
import pg from "pg";
import { LOCK_MS, type Migration } from "../src/data/postgres/apply-migration.ts";
import { LOCK, readMigrations } from "../src/data/postgres/migrate.ts";
import { DELIVERY_QUEUE, GIVE_UP_QUEUE } from "../src/data/queue/queue.ts";
import { loadConfig } from "../src/process/config.ts";
import { migrate } from "../src/processes/migrate.ts";
import { connectionTo, type Platform, readableLog, startPlatform } from "./platform.ts";

let platform: Platform;
const { log, lines } = readableLog("migrate");
const all = readMigrations().map(({ name }) => name);

beforeAll(async () => {
  platform = await startPlatform();
});
afterAll(() => platform?.stop());

test("several at once: one applies, the rest wait and find nothing to do", async () => {
  const config = loadConfig("migrate", platform.env());
  const results = await Promise.all(Array.from({ length: 4 }, () => migrate(config, log)));
  expect(results.sort((a, b) => a.length - b.length)).toEqual([[], [], [], all]);
});

test("a file edited after it was applied is refused by name", async () => {
  const config = loadConfig("migrate", platform.env());
  const edited = readMigrations().map((migration) => ({ ...migration, checksum: `not ${migration.checksum}` }));
  await expect(migrate(config, log, edited)).rejects.toThrow(
    /Edited after they were applied: 001-requests.sql, 002-ledger.sql/,
  );
});

test("a file that fails leaves nothing behind and names itself", async () => {
  const config = loadConfig("migrate", platform.env());
  const broken = { name: "900-broken.sql", sql: "CREATE TABLE half (id int); SELECT nonsense;", checksum: "x" };
  await expect(migrate(config, log, [...readMigrations(), broken])).rejects.toThrow(
    /900-broken.sql failed: .*nonsense/,
  );
  expect(await platform.sql("SELECT to_regclass('half') AS half")).toEqual([{ half: null }]);
  expect(await migrate(config, log)).toEqual([]);
});

/** A session that is in the middle of a transaction for so long. */
async function holding(ms: number, sql: string): Promise<{ done: Promise<unknown> }> {
  const session = new pg.Client(connectionTo(platform.servers));
  await session.connect();
  await session.query(`BEGIN; ${sql}`);
  return { done: sleep(ms).then(() => session.end()) };
}
const config = () => loadConfig("migrate", platform.env());
const and = (...more: Migration[]) => [...readMigrations(), ...more];
const migration = (name: string, sql: string): Migration => ({ name, sql, checksum: name });

describe("a migration that finds its table in use", () => {
  const HELD_MS = 4 * LOCK_MS;

  /** How long readers of the table waited at most while `change` was at work and the table in use. */
  async function longestRead(change: () => Promise<unknown>): Promise<number> {
    const { done } = await holding(HELD_MS, "SELECT FROM requests");
    let working = true;
    const work = change().finally(() => {
      working = false;
    });
    let longest = 0;
    while (working) {
      const asked = performance.now();
      await platform.sql("SELECT FROM requests LIMIT 1");
      longest = Math.max(longest, performance.now() - asked);
      await sleep(50);
    }
    await Promise.all([work, done]);
    return longest;
  }

  test("lets others through, and is applied when the table is free", async () => {
    const added = and(migration("901-lock.sql", "ALTER TABLE requests ADD COLUMN lock_tried int"));
    expect(await longestRead(() => migrate(config(), log, added))).toBeLessThan(HELD_MS * 0.75);
    expect(lines).toContainEqual(expect.objectContaining({ what: "901-lock.sql", level: "warn" }));
    expect(await platform.sql("SELECT lock_tried FROM requests")).toEqual([]);
    // The control: a change that waits makes all others wait as long.
    const plainly = "ALTER TABLE requests DROP COLUMN lock_tried";
    expect(await longestRead(() => platform.sql(plainly))).toBeGreaterThan(HELD_MS * 0.75);
  }, 60_000);
});

describe("an index that is built concurrently", () => {
  const isValid = async (name: string) =>
    (
      await platform.sql<{ valid: boolean }>(
        `SELECT indisvalid AS valid FROM pg_index WHERE indexrelid = to_regclass($1)`,
        [name],
      )
    )[0]?.valid;

  test("waits for older transactions, without a deadline and beside other processes that migrate", async () => {
    const files = and(migration("902-index.sql", "CREATE INDEX CONCURRENTLY requests_tried ON requests (title);"));
    const { done } = await holding(2 * LOCK_MS, "INSERT INTO plans VALUES ('held', 'Held', 1, 1, 'EUR')");
    const results = await Promise.all([1, 2, 3].map(() => migrate(config(), log, files)));
    await done;
    expect(results.flat()).toEqual(["902-index.sql"]);
    expect(await isValid("requests_tried")).toBe(true);
  }, 60_000);

  test("is built anew where a try before left it invalid, and left where it was finished but not recorded", async () => {
    await platform.sql("CREATE TABLE twice AS SELECT 1 AS n UNION ALL SELECT 1");
    await expect(platform.sql("CREATE UNIQUE INDEX CONCURRENTLY twice_n ON twice (n)")).rejects.toThrow(
      /duplicate|unique/,
    );
    expect(await isValid("twice_n")).toBe(false);
    const files = and(migration("903-index.sql", "CREATE INDEX CONCURRENTLY twice_n ON twice (n)"));
    for (let n = 0; n < 2; n++) {
      expect(await migrate(config(), log, files)).toEqual(["903-index.sql"]);
      expect(await isValid("twice_n")).toBe(true);
      await platform.sql("DELETE FROM schema_migrations WHERE name = '903-index.sql'");
    }
  });
});

test("the wait for another process that migrates has no deadline", async () => {
  await platform.sql("ALTER ROLE media SET lock_timeout = '500ms'");
  const other = new pg.Client(connectionTo(platform.servers));
  await other.connect();
  await other.query("SELECT pg_advisory_lock($1)", [LOCK]);
  const waiting = migrate(config(), log);
  expect(await Promise.race([waiting, sleep(2 * LOCK_MS, "waits")])).toBe("waits");
  await other.end();
  expect(await waiting).toEqual([]);
  await platform.sql("ALTER ROLE media RESET lock_timeout");
});

test("jobs that were sent before their queue knew where they go when they are given up go there too", async () => {
  const config = loadConfig("migrate", platform.env());
  await platform.sql("INSERT INTO pgboss.job (name, data, state) VALUES ($1, '{}', 'retry'), ($1, '{}', 'completed')", [
    DELIVERY_QUEUE,
  ]);
  await migrate(config, log);
  expect(await platform.sql("SELECT state::text, dead_letter FROM pgboss.job ORDER BY state")).toEqual([
    { state: "completed", dead_letter: null },
    { state: "retry", dead_letter: GIVE_UP_QUEUE },
  ]);
});

test("the ledger's hash is the same in PostgreSQL", async () => {
  const rows: LedgerRow[] = [];
  for (const payload of ["first", "zwei — ü\n'quoted'", ""]) rows.push(nextRow(rows.at(-1), payload));
  for (const { seq, prevHash, hash, payload } of rows) {
    await platform.sql("INSERT INTO ledger (seq, prev_hash, hash, payload) VALUES ($1, $2, $3, $4)", [
      seq,
      prevHash,
      hash,
      payload,
    ]);
  }
  const stored = await platform.sql<{
    seq: string;
    computed: string;
    prev_hash: string;
    hash: string;
    payload: string;
  }>(
    "SELECT *, encode(sha256(convert_to(prev_hash || E'\\n' || seq || E'\\n' || payload, 'UTF8')), 'hex') AS computed FROM ledger ORDER BY seq",
  );
  expect(stored.map(({ computed }) => computed)).toEqual(
    rows.map(({ prevHash, seq, payload }) => ledgerHash(prevHash, seq, payload)),
  );
  const read = stored.map((row) => ({
    seq: Number(row.seq),
    prevHash: row.prev_hash,
    hash: row.hash,
    payload: row.payload,
  }));
  expect(verifyChain(read)).toMatchObject({ intact: true, lastSeq: 3 });
});
