import { afterAll, beforeAll, expect, test } from "@jest/globals";
import type pg from "pg";
import { OwnServer, roleSecrets } from "./server.fixtures.ts";

/** A real PostgreSQL with the plan's settings about statements, and the roles as a new cluster gets them. */

const OURS = /^(shared_preload_libraries|auto_explain\.|pg_stat_statements\.|log_parameter|log_min_duration|track_io)/;
const LOGIN = { user: "media_0a1b2c3d", password: "of-the-application" };
let server: OwnServer;

beforeAll(async () => {
  server = await OwnServer.start(OURS);
  // Twice, because it must bear that.
  for (const _again of [1, 2]) server.apply("roles.sql", roleSecrets(LOGIN.user, LOGIN.password));
});
afterAll(() => server?.stop());

const as = <T>(who: "application" | "exporter", work: (client: pg.Client) => Promise<T>) =>
  who === "application" ? server.as(LOGIN.user, LOGIN.password, work) : server.as(who, undefined, work);

test("what statements cost is counted, and the exporter may read it", async () => {
  await as("application", async (client) => {
    await client.query("CREATE TABLE films (title text)");
    for (const title of ["a", "b", "c"]) await client.query("SELECT count(*) FROM films WHERE title = $1", [title]);
  });
  const sql = "SELECT calls::int, query FROM pg_stat_statements WHERE query LIKE '%FROM films%'";
  const { rows } = await as("exporter", (client) => client.query(sql));
  expect(rows).toEqual([{ calls: 3, query: "SELECT count(*) FROM films WHERE title = $1" }]);
});

test("a slow statement's plan is in the log, without its parameters; a quick one's is not", async () => {
  await as("application", async (client) => {
    await client.query("SELECT 'quick', $1::text", ["secret-of-the-quick"]);
    await client.query("SELECT 'slow', $1::text, pg_sleep(1.1)", ["secret-of-the-slow"]);
  });
  await server.until(() => server.log.includes("plan:"));
  expect(server.log).toContain('"Node Type": "Result"');
  expect(server.log).toMatch(/"Query Text": "SELECT 'slow'/);
  expect(server.log).not.toContain("SELECT 'quick'");
  expect(server.log).not.toContain("secret-of-the");
});

test("no password is in the statistics or the log", async () => {
  const { rows } = await server.as("postgres", undefined, (client) =>
    client.query("SELECT query FROM pg_stat_statements WHERE query LIKE '%PASSWORD%of-the%'"),
  );
  expect(rows).toEqual([]);
  expect(server.log).not.toContain("of-the-application");
});
