import { afterAll, beforeAll, expect, test } from "@jest/globals";
import type pg from "pg";
import { OwnServer, roleSecrets } from "./server.fixtures.ts";

/** One login follows another on a real PostgreSQL, as when `pulumi up --replace` makes a new password. */

let server: OwnServer;
const [FIRST, SECOND] = [
  ["media_00000001", "the-first"],
  ["media_00000002", "the-second"],
] as const;
const whoAmI = (client: pg.Client) =>
  client.query("SELECT current_user AS owner, session_user AS login").then(({ rows }) => rows[0]);
const over = (user: string) => `ALTER ROLE ${user} VALID UNTIL '2000-01-01'`;
const asSuperuser = (sql: string) => server.as("postgres", undefined, (client) => client.query(sql));

beforeAll(async () => {
  server = await OwnServer.start(/^(shared_preload_libraries|password_encryption)$/);
  server.apply("roles.sql", roleSecrets(...FIRST));
});
afterAll(() => server?.stop());

test("the application logs in under a name of its password's, and owns what it makes as `media`", async () => {
  expect(await server.as(...FIRST, whoAmI)).toEqual({ owner: "media", login: FIRST[0] });
  await server.as(...FIRST, (client) => client.query("CREATE TABLE films (title text)"));
  const { rows } = await asSuperuser("SELECT tableowner FROM pg_tables WHERE tablename = 'films'");
  expect(rows).toEqual([{ tableowner: "media" }]);
});

test("after a rotation two are valid, and both may use what there is", async () => {
  server.apply("roles.sql", roleSecrets(...SECOND));
  for (const [login, password] of [FIRST, SECOND] as const) {
    await server.as(login, password, (client) => client.query("INSERT INTO films VALUES ('a')"));
  }
  await expect(server.as(FIRST[0], "wrong", whoAmI)).rejects.toThrow(/password authentication failed/);
});

test("the last one ends when its time is over, its sessions too; the new one stays", async () => {
  await server.as(...FIRST, async (open) => {
    open.on("error", () => {});
    server.apply("retire.sql", {});
    // The control: its time is not over yet.
    expect(await whoAmI(open)).toMatchObject({ login: FIRST[0] });
    await asSuperuser(over(FIRST[0]));
    server.apply("retire.sql", {});
    await expect(whoAmI(open)).rejects.toThrow(/terminat/);
  });
  await expect(server.as(...FIRST, whoAmI)).rejects.toThrow(/password authentication failed/);
  expect(await server.as(...SECOND, whoAmI)).toMatchObject({ login: SECOND[0] });
  const { rows } = await asSuperuser("SELECT 1 FROM pg_roles WHERE rolname = 'media_00000001'");
  expect(rows).toEqual([]);
});

test("PgBouncer finds logins of the application that are valid, and no others", async () => {
  const found = (name: string) =>
    server.as("pooler", "of-the-others", (client) =>
      client.query("SELECT usename, left(passwd, 13) AS passwd FROM pooler.login($1)", [name]).then(({ rows }) => rows),
    );
  expect(await found(SECOND[0])).toEqual([{ usename: SECOND[0], passwd: "SCRAM-SHA-256" }]);
  for (const other of ["postgres", "replicator", "pooler", "media", FIRST[0]]) expect(await found(other)).toEqual([]);
  await expect(
    server.as(...SECOND, (client) => client.query("SELECT * FROM pooler.login('postgres')")),
  ).rejects.toThrow(/permission denied/);
});

test("the passwords of the superuser, of replication and of the pooler follow at once", async () => {
  server.apply("roles.sql", roleSecrets(...SECOND, "another"));
  for (const user of ["postgres", "pooler"]) {
    await server.as(user, "another", whoAmI);
    await expect(server.as(user, "of-the-others", whoAmI)).rejects.toThrow(/password authentication failed/);
  }
});

test("a login that came with a restored backup, and the one that `media` had once, end likewise", async () => {
  await asSuperuser("CREATE ROLE media_deadbeef LOGIN PASSWORD 'of-another-stack' IN ROLE media");
  await asSuperuser("ALTER ROLE media LOGIN PASSWORD 'of-before'");
  server.apply("roles.sql", roleSecrets(...SECOND));
  for (const user of ["media_deadbeef", "media"]) await asSuperuser(over(user));
  server.apply("retire.sql", {});
  await expect(server.as("media_deadbeef", "of-another-stack", whoAmI)).rejects.toThrow(/authentication failed/);
  await expect(server.as("media", "of-before", whoAmI)).rejects.toThrow(
    /not permitted to log in|authentication failed/,
  );
  expect(await server.as(...SECOND, whoAmI)).toMatchObject({ owner: "media" });
});

test("the responder rotates the write-ahead log and sees how much there is; it reads no file and no table", async () => {
  const asResponder = (sql: string) => server.as("responder", "of-the-others", (client) => client.query(sql));
  server.apply("roles.sql", roleSecrets(...SECOND));
  for (const sql of [
    "SELECT count(*) FROM pg_ls_waldir()",
    "SELECT count(*) FROM pg_ls_archive_statusdir()",
    "SELECT pg_switch_wal()",
    "CHECKPOINT",
  ])
    await asResponder(sql);
  for (const sql of ["SELECT pg_read_file('PG_VERSION')", "SELECT pg_ls_dir('.')", "SELECT * FROM films"])
    await expect(asResponder(sql)).rejects.toThrow(/permission denied/);
});
