import { createHash } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { type Servers, startServers } from "@media/service/test/servers";
import { FIRST_ID, LAST_ID } from "../data/identity.ts";
import { type Psql, runScript } from "../data/psql.ts";
import { remove, seed, seededRows } from "../data/seed.ts";
import { tablesOf, usersOf } from "../data/sets.ts";
import { migrate } from "./migrated.ts";

const ROWS = 20_000;

let servers: Servers;
let psql: Psql;
const ask = (sql: string) => runScript(psql, [sql]);

beforeAll(async () => {
  servers = await startServers();
  psql = await migrate(servers);
  // What the service has written before.
  await ask(`
    INSERT INTO users (email, name, password_hash) SELECT n || '@example.org', 'Real', 'x' FROM generate_series(1, 50) n;
    INSERT INTO requests (user_id, media_type, tmdb_id, title, status) SELECT id, 'movie', 603, 'The Matrix', 'pending' FROM users;
    INSERT INTO downloads (request_id, user_id) SELECT id, user_id FROM requests;`);
}, 60_000);
afterAll(() => servers.stop());

/** All rows of the tables that a data set touches, as one hash. */
async function contents(): Promise<string> {
  const tables = tablesOf({ rows: 1, seed: 1 }).map(({ name }) => name);
  const rows = tables.map((name) => `SELECT '${name}', t::text FROM ${name} t`).join(" UNION ALL ");
  return createHash("sha256")
    .update(await ask(`${rows} ORDER BY 1, 2;`))
    .digest("hex");
}

const sizes = () => ask("SELECT sum(pg_relation_size(oid)) FROM pg_class WHERE relname IN ('requests', 'users');");

describe("a data set", () => {
  test("is in the database after seeding, and leaves no trace after removal", async () => {
    const [before, small] = [await contents(), Number(await sizes())];
    const sent: number[] = [];
    const { rows } = await seed(psql, { rows: ROWS, seed: 1 }, (count) => sent.push(count));
    expect(rows).toMatchObject({ requests: ROWS, users: usersOf(ROWS), payments: 1_000, subscriptions: 200 });
    expect(rows.downloads).toBeGreaterThan(ROWS * 0.08);
    expect(sent.at(-1)).toBe(Object.values(rows).reduce((sum, count) => sum + count, 0));
    expect(Number(await sizes())).toBeGreaterThan(small * 10);
    expect(await contents()).not.toBe(before);

    await remove(psql);
    expect(await contents()).toBe(before);
    expect(Object.values(await seededRows(psql)).every((count) => count === 0)).toBe(true);
    expect(Number(await sizes())).toBeLessThan(small * 2);
  });

  test("is the same for the same seed, and another for another", async () => {
    const hashes = [];
    for (const number of [7, 7, 8]) {
      await seed(psql, { rows: 2_000, seed: number }, () => {});
      hashes.push(await contents());
      await remove(psql);
    }
    expect(hashes[1]).toBe(hashes[0]);
    expect(hashes[2]).not.toBe(hashes[0]);
  });

  test("is like real data: owners exist, references hold, nothing is pending or of today", async () => {
    await seed(psql, { rows: ROWS, seed: 1 }, () => {});
    const seeded = `id BETWEEN '${FIRST_ID}' AND '${LAST_ID}'`;
    const count = async (what: string) => Number(await ask(`SELECT count(*) FROM ${what};`));
    expect(
      await count(`requests r WHERE ${seeded} AND NOT EXISTS (SELECT FROM users u WHERE u.id::text = r.user_id)`),
    ).toBe(0);
    expect(await count("downloads d WHERE NOT EXISTS (SELECT FROM requests r WHERE r.id = d.request_id)")).toBe(0);
    expect(await count("subscriptions s WHERE NOT EXISTS (SELECT FROM users u WHERE u.id = s.user_id)")).toBe(0);
    expect(await count(`requests WHERE ${seeded} AND status = 'pending'`)).toBe(0);
    expect(await count(`requests WHERE ${seeded} AND changed_at > now() - interval '1 day'`)).toBe(0);
    // Uneven, as titles are: the most wanted one is wanted far more often than the middle one.
    const [most, middle] = (
      await ask(`SELECT max(n), percentile_disc(0.5) WITHIN GROUP (ORDER BY n) FROM
        (SELECT count(*) n FROM requests WHERE ${seeded} GROUP BY media_type, tmdb_id) t;`)
    ).split("|");
    expect(Number(most)).toBeGreaterThan(20 * Number(middle));
    await remove(psql);
  });

  test("is refused beside another, and whole or not at all", async () => {
    await seed(psql, { rows: 1_000, seed: 1 }, () => {});
    await expect(seed(psql, { rows: 1_000, seed: 2 }, () => {})).rejects.toThrow(
      /holds a data set already: .*1000 requests/,
    );
    await remove(psql);
    // A row that another holds: the whole set goes back.
    await ask("INSERT INTO users (email, name, password_hash) VALUES ('seed-1-3@users.invalid', 'Other', 'x');");
    await expect(seed(psql, { rows: 1_000, seed: 1 }, () => {})).rejects.toThrow(
      /refused the data set .*duplicate key/s,
    );
    expect(Object.values(await seededRows(psql)).every((count) => count === 0)).toBe(true);
  });

  test("that breaks off in the middle is not there", async () => {
    const script = function* () {
      yield "BEGIN;\nCOPY users (id, email, name, password_hash) FROM STDIN;\n";
      yield `${FIRST_ID}\tcut@users.invalid\tCut\tx\n`;
    };
    await runScript(psql, script());
    expect(await seededRows(psql)).toMatchObject({ users: 0 });
  });

  test.each([
    [{ rows: 0, seed: 1 }, "ROWS=0 is not"],
    [{ rows: 1e9, seed: 1 }, "ROWS=1000000000 is not"],
    [{ rows: 10, seed: 70_000 }, "SEED=70000 is not"],
  ])("of %p is refused", async (args, words) => {
    await expect(seed(psql, args, () => {})).rejects.toThrow(words);
  });
});
