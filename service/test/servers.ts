import { type ChildProcess, spawn } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { DATABASE, READ_ONLY_DATABASE } from "../src/process/environment.ts";
import { copyEmptyCluster } from "./empty-cluster.ts";
import { find, freePorts, giveAway, ownFolder, postgresFolders, quickFolder, unprivileged } from "./programs.ts";

const READY_MS = 20_000;
const DATABASE_PASSWORD = "database-password-of-the-tests";
export const STATE_PASSWORD = "state-password-of-the-tests";

/** Real servers on free ports of 127.0.0.1, with their data in one temporary folder. */
export interface Servers {
  folder: string;
  postgresPort: number;
  /** PgBouncer in transaction mode, in front of every database of that PostgreSQL; `media_ro` is `media` again. */
  pgbouncerPort: number;
  cachePort: number;
  sentinelPort: number;
  /** Where a replica may listen (see replica.ts); PgBouncer knows it as the server of \`media_replica\`. */
  replicaPort: number;
  databasePassword: string;
  /** Suspends a server (it accepts, and answers nothing), or lets it go on. */
  freeze(name: ServerName, frozen: boolean): void;
  /** Ends a server at once, as a crash would. */
  kill(name: ServerName): Promise<void>;
  restart(name: ServerName): Promise<void>;
  stop(): Promise<void>;
}

export type ServerName = "postgres" | "pgbouncer" | "cache" | "state" | "sentinel";

interface Command {
  command: string;
  args: string[];
  port: number;
}

export async function startServers(): Promise<Servers> {
  const folder = mkdtempSync(join(quickFolder(), "media-test-"));
  chmodSync(folder, 0o755);
  const [postgresPort, pgbouncerPort, cachePort, statePort, sentinelPort, replicaPort] = await freePorts(6);
  const commands: Record<ServerName, Command> = {
    postgres: await prepareMedia(folder, postgresPort),
    pgbouncer: preparePgbouncer(folder, pgbouncerPort, postgresPort, replicaPort),
    cache: redis(folder, "cache", cachePort, ["--maxmemory-policy", "allkeys-lfu"]),
    state: redis(folder, "state", statePort, ["--requirepass", STATE_PASSWORD]),
    sentinel: prepareSentinel(folder, sentinelPort, statePort),
  };
  const running = new Map<ServerName, ChildProcess>();
  const start = async (name: ServerName) => {
    running.set(name, launch(folder, name, commands[name]));
    await answers(name, commands[name].port, folder);
  };
  const kill = async (name: ServerName) => {
    const child = running.get(name);
    running.delete(name);
    if (child) await ended(child);
  };
  const stop = async () => {
    await Promise.all([...running.keys()].map(kill));
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await Promise.all((Object.keys(commands) as ServerName[]).map(start));
    await createDatabase(postgresPort);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    folder,
    postgresPort,
    pgbouncerPort,
    cachePort,
    sentinelPort,
    replicaPort,
    databasePassword: DATABASE_PASSWORD,
    freeze: (name, frozen) => void running.get(name)?.kill(frozen ? "SIGSTOP" : "SIGCONT"),
    kill,
    restart: start,
    stop,
  };
}

async function prepareMedia(folder: string, port: number): Promise<Command> {
  const data = join(folder, "postgres");
  await copyEmptyCluster(data);
  const settings = [
    "fsync=off",
    `unix_socket_directories=${data}`,
    "listen_addresses=127.0.0.1",
    "shared_buffers=16MB",
    "max_connections=60",
  ];
  return {
    command: find("postgres", postgresFolders()),
    args: ["-D", data, "-p", String(port), ...settings.flatMap((setting) => ["-c", setting])],
    port,
  };
}

/** The role is an ordinary one: what needs a superuser would fail here as it does in the platform. */
async function createDatabase(port: number): Promise<void> {
  const client = new pg.Client({ host: "127.0.0.1", port, user: "postgres", database: "postgres" });
  await client.connect();
  await client.query(`CREATE ROLE ${DATABASE} LOGIN PASSWORD '${DATABASE_PASSWORD}'`);
  await client.query(`CREATE DATABASE ${DATABASE} OWNER ${DATABASE}`);
  await client.end();
}

function preparePgbouncer(folder: string, port: number, postgresPort: number, replicaPort: number): Command {
  const own = ownFolder(folder, "pgbouncer");
  const server = `host=127.0.0.1 port=${postgresPort}`;
  const config = `
[databases]
${READ_ONLY_DATABASE} = ${server} dbname=${DATABASE}
media_replica = host=127.0.0.1 port=${replicaPort} dbname=${DATABASE}
* = ${server}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
pool_mode = transaction
default_pool_size = 4
server_login_retry = 1
auth_type = plain
auth_file = ${own}/users
`;
  writeFileSync(join(own, "pgbouncer.ini"), config);
  writeFileSync(join(own, "users"), `"${DATABASE}" "${DATABASE_PASSWORD}"\n`);
  return { command: find("pgbouncer"), args: [join(own, "pgbouncer.ini")], port };
}

function redis(folder: string, name: string, port: number, more: string[]): Command {
  const own = ownFolder(folder, name);
  const args = [
    "--port",
    String(port),
    "--bind",
    "127.0.0.1",
    "--dir",
    own,
    "--save",
    "",
    "--appendonly",
    "no",
    ...more,
  ];
  return { command: find("redis-server"), args, port };
}

function prepareSentinel(folder: string, port: number, statePort: number): Command {
  const own = ownFolder(folder, "sentinel");
  const file = join(own, "sentinel.conf");
  const config = [`sentinel monitor state 127.0.0.1 ${statePort} 1`, `sentinel auth-pass state ${STATE_PASSWORD}`];
  config.push(`requirepass ${STATE_PASSWORD}`);
  writeFileSync(file, `port ${port}\nbind 127.0.0.1\ndir ${own}\n${config.join("\n")}\n`);
  giveAway(file);
  return { command: find("redis-server"), args: [file, "--sentinel"], port };
}

function launch(folder: string, name: string, { command, args }: Command): ChildProcess {
  // Should the test run be killed, its servers go with it.
  const [setpriv, ...rest] = unprivileged([command, ...args], ["--pdeathsig", "KILL"]);
  const child = spawn(setpriv as string, rest, { stdio: ["ignore", "pipe", "pipe"] });
  const log = join(folder, `${name}.log`);
  for (const stream of [child.stdout, child.stderr])
    stream?.on("data", (data) => writeFileSync(log, data, { flag: "a" }));
  return child;
}

async function answers(name: ServerName, port: number, folder: string): Promise<void> {
  const end = Date.now() + READY_MS;
  while (!(await (name === "postgres" ? acceptsSql(port) : acceptsTcp(port)))) {
    if (Date.now() > end) throw new Error(`${name} did not come up; its log is ${join(folder, `${name}.log`)}`);
    await sleep(25);
  }
}

function acceptsTcp(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => resolve(true)).on("error", () => resolve(false));
    socket.once("connect", () => socket.destroy());
  });
}

async function acceptsSql(port: number): Promise<boolean> {
  const client = new pg.Client({ host: "127.0.0.1", port, user: "postgres", database: "postgres" });
  client.on("error", () => {});
  try {
    await client.connect();
    return true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => {});
  }
}

async function ended(child: ChildProcess): Promise<void> {
  // "close", not "exit": what it wrote last has been read by then.
  const closed = new Promise((resolve) => child.once("close", resolve));
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill("SIGKILL");
  await closed;
}
