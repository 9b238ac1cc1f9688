import { type LedgerRow, ledgerHash, nextRow, verifyChain } from "@media/drills/ledger";
import { readMigrations } from "../src/data/postgres/migrate.ts";
import { DELIVERY_QUEUE, GIVE_UP_QUEUE } from "../src/data/queue/queue.ts";
import { loadConfig } from "../src/process/config.ts";
import { migrate } from "../src/processes/migrate.ts";
import { type Platform, readableLog, startPlatform } from "./platform.ts";

let platform: Platform;
const { log } = readableLog("migrate");
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
