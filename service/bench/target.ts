import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import express, { type Express, type Request, type RequestHandler, type Response } from "express";
import { Redis } from "ioredis";
import pg from "pg";
import { connectDatabase } from "../src/data/postgres/database.ts";
import { createBoss, sendDelivery } from "../src/data/queue/queue.ts";
import { createRequestCache } from "../src/data/redis/cache.ts";
import { connectCache } from "../src/data/redis/redis.ts";
import { insertRequest, type MediaRequest } from "../src/data/repositories/requests.ts";
import { getRequest } from "../src/domain/get-request.ts";
import { Problem } from "../src/errors/problem.ts";
import { createApp } from "../src/http/app.ts";
import { observe } from "../src/http/observe.ts";
import { json } from "../src/http/reply.ts";
import { presentRequest } from "../src/http/request-handlers.ts";
import { send, sendCached } from "../src/http/send.ts";
import { createLogger } from "../src/observability/log.ts";
import { createMetrics, type Metrics } from "../src/observability/metrics/metrics.ts";
import { startTracing } from "../src/observability/tracing.ts";
import { type Config, loadConfig } from "../src/process/config.ts";
import { Lifecycle } from "../src/process/lifecycle.ts";
import { openApi } from "../src/processes/api.ts";
import { watchEventLoopDelay } from "../src/resilience/event-loop-delay.ts";
import { type CreateStatements, recordCreate, valuesFor } from "./create-statements.ts";

/**
 * A program to be measured: `node target.ts <name>`. It listens on a free port, prints it, and serves until it is ended.
 *
 * - `bare`: a plain Express handler that gets a request from Redis;
 * - `observed`: the service's cached read with logs, metrics and traces, and nothing else around it;
 * - `unobserved`: the same application without any of the three;
 * - `api-unobserved`: the whole api without any of the three;
 * - `bare-create`: a plain Express handler that runs the SQL of creating a request;
 * - `observed-create`: the service's transaction and job with logs, metrics and traces, and nothing else around it.
 */
const TARGETS: Record<string, () => Express | Promise<Express | undefined>> = {
  bare,
  observed,
  unobserved,
  "api-unobserved": apiUnobserved,
  "bare-create": bareCreate,
  "observed-create": observedCreate,
};

const PATH = "/api/v1/requests/:id";

function bare(): Express {
  const redis = new Redis(process.env.REDIS_CACHE_URL ?? "");
  return express().get(PATH, async (req, res) => {
    const text = await redis.get(`request:v2:${req.params.id}`);
    res.json(presentRequest(JSON.parse(text ?? "") as MediaRequest));
  });
}

function observed(): Express {
  const { metrics, deps } = monitored();
  const answer = cachedRead(metrics);
  return createApp(deps, (app) => app.get(PATH, answer));
}

/** What an application of ours has around its routes. */
function monitored() {
  const config = loadConfig("api", process.env);
  const log = createLogger(config);
  startTracing(config, log);
  const metrics = createMetrics(config.SERVICE_VERSION);
  return { config, metrics, deps: { log, metrics, observe: observe(log, metrics), draining: () => false } };
}

const nothing = () => {};
const silent = new Proxy({}, { get: () => nothing }) as Metrics;

const notObserved: RequestHandler = (_req, _res, next) => next();

/** A log of nothing but the end. */
const quiet = (config: Config) => createLogger({ ...config, LOG_LEVEL: "fatal" });

function unobserved(): Express {
  const log = quiet(loadConfig("api", process.env));
  const deps = { log, metrics: silent, observe: notObserved, draining: () => false };
  return createApp(deps, (app) => app.get(PATH, cachedRead(silent)));
}

/** Says itself where it listens. */
async function apiUnobserved(): Promise<undefined> {
  const config = loadConfig("api", process.env);
  const log = quiet(config);
  const lifecycle = new Lifecycle(log);
  const ports = await openApi({ config, log, metrics: silent, lifecycle, observe: notObserved, watchEventLoopDelay });
  lifecycle.started();
  started(ports);
}

function cachedRead(metrics: Metrics) {
  const config = loadConfig("api", process.env);
  const log = quiet(config);
  const cache = createRequestCache(connectCache(config, log), log, metrics);
  // Only a hit is measured: without a database a miss would be an error, and end the run.
  const deps = { cache, metrics, log } as unknown as Parameters<typeof getRequest>[0];
  const user = { id: "reader", role: "user", limitKey: "reader" } as const;
  return async (req: Request, res: Response) => {
    const { request, cache } = await getRequest(deps, user, String(req.params.id));
    sendCached(req, res, json(200, presentRequest(request), { "X-Cache": cache }), "owner");
  };
}

async function bareCreate(): Promise<Express> {
  const config = loadConfig("api", process.env);
  const pool = new pg.Pool({
    host: config.PGHOST,
    port: config.PGPORT,
    user: config.PGUSER,
    password: config.secrets.PGPASSWORD_FILE,
    database: config.PGDATABASE,
    max: config.PG_POOL_MAX,
  });
  const statements: CreateStatements = await recordCreate(pool);
  return express().post("/api/v1/requests", express.json(), async (req, res) => {
    const client = await pool.connect();
    try {
      await client.query(statements.begin);
      const user = req.headers.authorization ?? "";
      const inserted = await client.query(statements.insert, [
        user,
        "pending",
        req.body.mediaType,
        req.body.tmdbId,
        "x",
      ]);
      await client.query(statements.send, valuesFor(statements, inserted.rows[0].id));
      await client.query(statements.commit);
      res.status(201).json(inserted.rows[0]);
    } finally {
      client.release();
    }
  });
}

async function observedCreate(): Promise<Express> {
  const { config, metrics, deps } = monitored();
  const database = connectDatabase(config, deps.log, metrics);
  const boss = createBoss(database.primary, deps.log, { supervise: false });
  await boss.start();
  const answer = async (req: Request, res: Response) => {
    const userId = req.headers.authorization ?? "";
    const wish = { userId, status: "pending", title: "x", ...req.body };
    const request = await database.transaction("create request", async (client) => {
      const outcome = await insertRequest(client, wish);
      if (!("created" in outcome)) throw new Problem("duplicate-request");
      await sendDelivery(boss, client, outcome.created.id);
      return outcome.created;
    });
    send(res, json(201, presentRequest(request)));
  };
  return createApp(deps, (app) => app.post("/api/v1/requests", express.json(), answer));
}

for (const signal of ["SIGTERM", "SIGINT"]) process.once(signal, () => process.exit(0));
const make = TARGETS[process.argv[2] ?? ""];
if (!make) throw new Error(`node target.ts <${Object.keys(TARGETS).join("|")}>`);
const app = await make();
if (app) {
  const server = createServer({ keepAliveTimeout: 75_000 }, app);
  server.listen(0, "127.0.0.1", () => started({ httpPort: (server.address() as AddressInfo).port }));
}

function started(ports: { httpPort?: number; adminPort?: number }): void {
  process.stdout.write(`${JSON.stringify({ ...ports, msg: "started" })}\n`);
}
