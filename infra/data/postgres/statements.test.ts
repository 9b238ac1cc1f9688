import { execFileSync, spawn } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import pg from "pg";
import { find, freePorts, ownFolder, postgresFolders, unprivileged } from "../../../service/test/programs.ts";
import { tiers } from "../../config/tiers.ts";
import { readBeside } from "../../lib/files.ts";
import { patroniConfig } from "./patroni.plan.ts";

/** A real PostgreSQL with the plan's settings about statements, and the roles as a new cluster gets them. */

const OURS = /^(shared_preload_libraries|auto_explain\.|pg_stat_statements\.|log_parameter|log_min_duration|track_io)/;
const LOGIN = { user: "media_0a1b2c3d", password: "of-the-application" };
const SECRETS = {
  "database-user": LOGIN.user,
  "database-password": LOGIN.password,
  "pooler-password": "of-the-pooler",
  "superuser-password": "of-the-superuser",
  "replication-password": "of-the-replication",
};
const folder = mkdtempSync(join(tmpdir(), "media-statements-"));
let port: number;
let log = "";
let stop: () => Promise<void>;

beforeAll(async () => {
  chmodSync(folder, 0o755);
  [port] = await freePorts(1);
  const data = ownFolder(folder, "data");
  const bin = (name: string) => find(name, postgresFolders());
  run(unprivileged([bin("initdb"), "--pgdata", data, "--username", "postgres", "--auth-local=trust", "--no-sync"]));
  const parameters = Object.entries(patroniConfig("dev", tiers.small.postgres).postgresql.parameters);
  const settings = parameters.filter(([name]) => OURS.test(name)).map(([name, value]) => `${name}=${value}`);
  const places = ["fsync=off", `unix_socket_directories=${data}`, "listen_addresses=127.0.0.1"];
  const options = [...settings, ...places].flatMap((setting) => ["-c", setting]);
  const command = [bin("postgres"), "-D", data, "-p", String(port), ...options];
  const [program, ...args] = unprivileged(command, ["--pdeathsig", "KILL"]);
  const server = spawn(program as string, args, { stdio: ["ignore", "ignore", "pipe"] });
  server.stderr.setEncoding("utf8").on("data", (text: string) => {
    log += text;
  });
  const closed = new Promise<void>((resolve) => server.once("close", () => resolve()));
  stop = () => {
    server.kill("SIGKILL");
    return closed;
  };
  await until(() => log.includes("ready to accept connections"));
  applyRoles(data);
});

afterAll(async () => {
  await stop?.();
  rmSync(folder, { recursive: true, force: true });
});

function run([program, ...args]: string[]): void {
  execFileSync(program as string, args, { stdio: "pipe" });
}

async function until(check: () => boolean): Promise<void> {
  for (const end = Date.now() + 15_000; !check(); await sleep(50)) {
    if (Date.now() > end) throw new Error(`it did not happen; the server's log:\n${log}`);
  }
}

/** As roles.sh does; only the passwords are elsewhere. Twice, because it must bear that. */
function applyRoles(socket: string): void {
  const secrets = join(folder, "secrets");
  mkdirSync(secrets);
  for (const [name, password] of Object.entries(SECRETS)) writeFileSync(join(secrets, name), password);
  const file = join(folder, "roles.sql");
  writeFileSync(file, readBeside(import.meta.url, "roles.sql").replaceAll("/run/secrets/roles", secrets));
  const psql = [find("psql"), "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", `--file=${file}`];
  const url = `postgresql://postgres@/postgres?host=${encodeURIComponent(socket)}&port=${port}`;
  for (const _again of [1, 2]) run([...psql, url]);
}

async function as<T>(who: "application" | "exporter", work: (client: pg.Client) => Promise<T>): Promise<T> {
  // The exporter comes by the socket, without a password.
  const how = who === "application" ? { host: "127.0.0.1", ...LOGIN } : { host: join(folder, "data"), user: who };
  const client = new pg.Client({ ...how, port, database: "media" });
  await client.connect();
  return work(client).finally(() => client.end());
}

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
  await until(() => log.includes("plan:"));
  expect(log).toContain('"Node Type": "Result"');
  expect(log).toMatch(/"Query Text": "SELECT 'slow'/);
  expect(log).not.toContain("SELECT 'quick'");
  expect(log).not.toContain("secret-of-the");
});
