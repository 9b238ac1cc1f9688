import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import type { SpanProcessor } from "@opentelemetry/sdk-trace";
import pg from "pg";
import type { Pace } from "../src/doubles/overseerr.ts";
import { createLogger, type Logger } from "../src/observability/log.ts";
import { loadConfig, type ProcessName } from "../src/process/config.ts";
import { DATABASE } from "../src/process/environment.ts";
import type { Running } from "../src/process/lifecycle.ts";
import type { Overrides } from "../src/process/start.ts";
import { startApi } from "../src/processes/api.ts";
import { startDoubles } from "../src/processes/doubles.ts";
import { startResponder } from "../src/processes/responder.ts";
import { startWorker } from "../src/processes/worker.ts";
import type { Upstream } from "../src/resilience/policies.ts";
import { type Servers, STATE_PASSWORD, startServers } from "./servers.ts";

export const DEV_TOKEN = "dev-token-of-the-tests";
export const WEBHOOK_KEY = "webhook-key-of-the-tests";
const MAIN = new URL("../src/main.ts", import.meta.url).pathname;

/** The servers, the TMDB double, and what it takes to start a process of ours against them. */
export interface Platform {
  servers: Servers;
  doubles: Running;
  env(changes?: Record<string, string>): Record<string, string>;
  api(changes?: Record<string, string>, overrides?: Overrides): Promise<Running>;
  worker(changes?: Record<string, string>, overrides?: Overrides): Promise<Running>;
  responder(changes?: Record<string, string>, overrides?: Overrides): Promise<Running>;
  /** A process of its own, as it runs in a pod. */
  spawn(process: ProcessName, changes?: Record<string, string>): Spawned;
  sql<R extends pg.QueryResultRow>(text: string, values?: unknown[]): Promise<R[]>;
  /** How downloads go at Overseerr's double; without any, as it is by itself. */
  pace(pace?: Partial<Pace>): Promise<void>;
  /** Overseerr's double forgets every request. */
  forgetDownloads(): Promise<void>;
  /** Sets a double's knobs; without any it is healthy. */
  knobs(knobs?: object, service?: Upstream): Promise<void>;
  stop(): Promise<void>;
}

export interface Spawned {
  child: ChildProcess;
  /** Every line that it wrote so far. */
  lines: string[];
  /** Resolves with the first log line that has this message. */
  logged(message: string): Promise<Record<string, unknown>>;
  exit: Promise<number | null>;
  /** The same, once all that it wrote has been read. */
  closed: Promise<number | null>;
}

/** The tracing API is global: the first process to start sets it up for all processes of a test, so the spans are caught here. */
/** How a test itself reaches the database, past the pooler. */
export function connectionTo({ postgresPort }: Pick<Servers, "postgresPort">) {
  return { host: "127.0.0.1", port: postgresPort, user: DATABASE, database: DATABASE };
}

export async function startPlatform(spanProcessors: SpanProcessor[] = []): Promise<Platform> {
  const servers = await startServers();
  const secrets = writeSecrets(servers);
  const base = (changes: Record<string, string> = {}) => ({ ...environment(servers, secrets), ...changes });
  const doubles = await startDoubles(loadConfig("doubles", base()), { log: silent("doubles"), spanProcessors });
  const env = (changes: Record<string, string> = {}) =>
    base({
      TMDB_BASE_URL: `http://127.0.0.1:${doubles.httpPort}/tmdb`,
      PLEX_BASE_URL: `http://127.0.0.1:${doubles.httpPort}/plex`,
      YOUTUBE_BASE_URL: `http://127.0.0.1:${doubles.httpPort}/youtube`,
      OVERSEERR_BASE_URL: `http://127.0.0.1:${doubles.httpPort}/overseerr`,
      ...changes,
    });
  const database = new pg.Pool({ ...connectionTo(servers), max: 4 });
  database.on("error", () => {});
  const running: Running[] = [];
  const spawned: Spawned[] = [];
  const keep = async (starting: Promise<Running>) => {
    const process = await starting;
    running.push(process);
    return process;
  };
  return {
    servers,
    doubles,
    env,
    api: (changes, overrides) => keep(startApi(loadConfig("api", env(changes)), { log: silent("api"), ...overrides })),
    worker: (changes, overrides) =>
      keep(startWorker(loadConfig("worker", env(changes)), { log: silent("worker"), ...overrides })),
    responder: (changes, overrides) =>
      keep(startResponder(loadConfig("responder", env(changes)), { log: silent("responder"), ...overrides })),
    spawn: (name, changes) => {
      const process = spawnProcess(name, env(changes));
      spawned.push(process);
      return process;
    },
    sql: async (text, values) => (await database.query(text, values)).rows,
    pace: (pace = {}) => control(doubles.httpPort, "overseerr/downloads", "PUT", pace),
    forgetDownloads: () => control(doubles.httpPort, "overseerr/downloads", "DELETE"),
    knobs: (knobs = {}, service = "tmdb") => setKnobs(doubles.httpPort, service, knobs),
    stop: async () => {
      for (const { child, exit } of spawned) {
        child.kill("SIGKILL");
        await exit;
      }
      await Promise.all([...running, doubles].map((process) => process.drain()));
      await database.end();
      await servers.stop();
    },
  };
}

async function control(port: number, path: string, method: string, settings?: object): Promise<void> {
  const body = settings === undefined ? null : JSON.stringify(settings);
  const init = { method, body, headers: { "content-type": "application/json" } };
  const answer = await fetch(`http://127.0.0.1:${port}/control/${path}`, init);
  if (!answer.ok) throw new Error(`the double refused ${body}: ${await answer.text()}`);
}

function environment(servers: Servers, secrets: string): Record<string, string> {
  return {
    NODE_ENV: "test",
    SERVICE_VERSION: "1.2.3-test",
    HTTP_PORT: "0",
    ADMIN_PORT: "0",
    DRAIN_SECONDS: "0",
    VISITOR_RATE_LIMIT_PER_MINUTE: "1000",
    REGISTRATION_RATE_LIMIT_PER_HOUR: "10000000",
    YOUTUBE_SEARCHES_PER_HOUR: "1000000",
    PGHOST: "127.0.0.1",
    PGPORT: String(servers.pgbouncerPort),
    PGPASSWORD_FILE: join(secrets, "database-password"),
    MIGRATE_PGHOST: "127.0.0.1",
    MIGRATE_PGPORT: String(servers.postgresPort),
    REDIS_CACHE_URL: `redis://127.0.0.1:${servers.cachePort}`,
    REDIS_STATE_SENTINELS: `127.0.0.1:${servers.sentinelPort}`,
    REDIS_SENTINEL_PASSWORD_FILE: join(secrets, "redis-state-password"),
    REDIS_STATE_PASSWORD_FILE: join(secrets, "redis-state-password"),
    TMDB_TOKEN_FILE: join(secrets, "tmdb-token"),
    DEV_TOKEN_FILE: join(secrets, "dev-token"),
    PAYMENT_WEBHOOK_KEY_FILE: join(secrets, "payment-webhook-key"),
  };
}

function writeSecrets(servers: Servers): string {
  const folder = join(servers.folder, "secrets");
  mkdirSync(folder);
  const secrets = {
    "database-password": servers.databasePassword,
    "redis-state-password": STATE_PASSWORD,
    "tmdb-token": "tmdb-token-of-the-tests",
    "dev-token": DEV_TOKEN,
    "payment-webhook-key": WEBHOOK_KEY,
  };
  for (const [name, secret] of Object.entries(secrets)) writeFileSync(join(folder, name), `${secret}\n`);
  return folder;
}

function silent(process: ProcessName): Logger {
  return createLogger({ process, SERVICE_VERSION: "test", LOG_LEVEL: "fatal" });
}

/** A log that a test can read. */
export function readableLog(process: ProcessName): { log: Logger; lines: Record<string, unknown>[] } {
  const lines: Record<string, unknown>[] = [];
  const log = createLogger(
    { process, SERVICE_VERSION: "test", LOG_LEVEL: "debug" },
    { write: (line) => void lines.push(JSON.parse(line)) },
  );
  return { log, lines };
}

/** For an api that takes itself to be in time always: its limits then do not follow how busy the machine is. */
export const IN_TIME: Overrides = {
  watchEventLoopDelay: (tell) => {
    const looking = setInterval(() => tell(0), 10).unref();
    return () => clearInterval(looking);
  },
};

/** Sets all knobs of a double; those not given are off. */
export function setKnobs(port: number, service: string, knobs: object): Promise<void> {
  return control(port, service, "PUT", knobs);
}

/** Where programs are, and where their code is compiled already, as in the image. */
function passedOn(...names: string[]): Record<string, string> {
  return Object.fromEntries(names.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : [])));
}

export function spawnProcess(name: ProcessName, env: Record<string, string>): Spawned {
  const child = spawn(process.execPath, [MAIN, name], {
    env: { ...env, ...passedOn("PATH", "NODE_COMPILE_CACHE") },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const lines: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on("line", (line) => line && lines.push(line));
  }
  const exit = new Promise<number | null>((resolve) => child.once("exit", resolve));
  const closed = new Promise<number | null>((resolve) => child.once("close", resolve));
  const logged = (message: string) =>
    eventually(() => {
      const line = lines.find((candidate) => candidate.includes(`"msg":"${message}"`));
      if (!line) throw new Error(`"${message}" is not in the log:\n${lines.join("\n")}`);
      return JSON.parse(line) as Record<string, unknown>;
    }, START_MS);
  return { child, lines, logged, exit, closed };
}

/**
 * Has the database do something more, `when` as in "BEFORE INSERT ON requests"; a wait keeps each transaction in its middle.
 * Answers how to end it, which waits until none is there any more.
 */
export async function meddle({ sql }: Platform, when: string, does: string): Promise<() => Promise<unknown>> {
  const kind = when.includes("DEFERRABLE") ? "CONSTRAINT TRIGGER" : "TRIGGER";
  await sql(`CREATE FUNCTION meddle() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN ${does} RETURN NEW; END $$`);
  await sql(`CREATE ${kind} meddle ${when} FOR EACH ROW EXECUTE FUNCTION meddle()`);
  return () => sql("DROP FUNCTION meddle CASCADE");
}

/** For a process of its own to say something: on a busy machine loading its modules alone takes many seconds. */
const START_MS = 25_000;

/** Tries until it no longer throws, or throws its last error. */
export async function eventually<T>(check: () => T | Promise<T>, withinMs = 15_000): Promise<T> {
  const end = Date.now() + withinMs;
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (Date.now() > end) throw error;
      await sleep(50);
    }
  }
}
