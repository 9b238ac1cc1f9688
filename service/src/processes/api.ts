import { createTokens } from "../auth/tokens.ts";
import { connectDatabase } from "../data/postgres/database.ts";
import { takeMeanWaitMs } from "../data/postgres/instruments.ts";
import { migrate } from "../data/postgres/migrate.ts";
import { createBoss } from "../data/queue/queue.ts";
import { createRequestCache } from "../data/redis/cache.ts";
import { createDoor } from "../data/redis/caller-lookup.ts";
import { createSeats } from "../data/redis/connection-slots.ts";
import { createRateLimit, createWindow } from "../data/redis/rate-limit.ts";
import { createWritten } from "../data/redis/read-your-writes.ts";
import { connectCache, connectState } from "../data/redis/redis.ts";
import { createSessions } from "../data/redis/sessions.ts";
import { createActivity, flushRegularly } from "../domain/activity.ts";
import { createCatalogue } from "../domain/catalogue.ts";
import { webhookKeys } from "../domain/payments/signature.ts";
import { createApp } from "../http/app.ts";
import { mountRoutes } from "../http/routes.ts";
import { adminHandler } from "../process/admin-server.ts";
import type { Config } from "../process/config.ts";
import { listen, type Running } from "../process/lifecycle.ts";
import { type Base, type Opened, type Overrides, openReports, startProcess, untilAvailable } from "../process/start.ts";
import { BLOCK_MS } from "../realtime/feed.ts";
import { createPublisher } from "../realtime/publisher.ts";
import { createRealtime } from "../realtime/server.ts";
import { createAdmission } from "../resilience/admission/admission.ts";
import { ANY_ERROR, createGuard } from "../resilience/policy.ts";
import { openOutside } from "../upstreams/clients.ts";
import { createAnswers } from "../upstreams/upstream-cache.ts";

/** Tries to sign in to one account from all addresses together, as a multiple of those from one. */
const FROM_EVERYWHERE = 10;

/** The public HTTP API. */
export function startApi(config: Config, overrides?: Overrides): Promise<Running> {
  return startProcess(config, overrides, openApi);
}

export async function openApi(base: Base): Promise<Opened> {
  const { config, log, metrics, lifecycle, observe, watchLateness } = base;
  const parts = openParts(base);
  // First of all: while the rest waits for its dependencies, the probes already get true answers.
  const adminPort = await listen(
    lifecycle,
    "admin server",
    config.ADMIN_PORT,
    adminHandler({ metrics, lifecycle, readiness: parts.readiness }),
  );
  await untilAvailable(base, "migrating the database", () => migrate(config, log));
  await untilAvailable(base, "starting the job queue", () => parts.boss.start());
  lifecycle.onClose("job queue", () => parts.boss.stop());
  parts.reports.start();

  const { reports } = parts;
  const app = createApp({ log, metrics, reports, observe, draining: () => lifecycle.draining }, (express) =>
    mountRoutes(express, parts),
  );
  const realtime = openRealtime(base, parts);
  const admission = createAdmission({
    log,
    metrics,
    poolWaitMs: (pool) => takeMeanWaitMs(parts.database[pool]),
    watchLateness,
  });
  lifecycle.onClose("admission", async () => admission.stop());
  const guarded = admission.guard(app);
  const httpPort = await listen(lifecycle, "http server", config.HTTP_PORT, guarded, realtime.attach);
  // Before the server, which would wait for them.
  lifecycle.onClose("sockets", () => realtime.close());
  return { httpPort, adminPort, drainSeconds: config.DRAIN_SECONDS };
}

function openParts(base: Base) {
  const { config, log, metrics, lifecycle } = base;
  const database = connectDatabase(config, log, metrics);
  const cacheRedis = connectCache(config, log);
  const stateRedis = connectState(config, log);
  const outside = openOutside({ config, metrics });
  const stateGuard = createGuard("redis-state", ANY_ERROR, metrics);
  const door = createDoor(stateRedis, stateGuard);
  const limit = (perMinute: number) => createRateLimit(door, perMinute, metrics);
  lifecycle.onClose("database", () => database.close());
  const reports = openReports(base, database);
  const publisher = createPublisher(stateRedis, stateGuard, log, metrics);
  lifecycle.onClose("redis", async () => {
    await publisher.settled();
    cacheRedis.disconnect();
    stateRedis.disconnect();
  });
  // Access tokens and visitors' names are made with keys derived from it.
  const secret = config.secrets.TOKEN_KEY_FILE ?? config.secrets.PGPASSWORD_FILE ?? "";
  const activity = createActivity({ database, metrics, log }, secret);
  lifecycle.onClose("activity", flushRegularly(activity));
  const answers = createAnswers(cacheRedis, { log, metrics, reports });
  for (const [name, service] of Object.entries(outside)) lifecycle.onClose(name, () => service.close());
  return {
    database,
    boss: createBoss(database.primary, log, { supervise: false }),
    cache: createRequestCache(cacheRedis, log, metrics),
    ...outside,
    catalogue: createCatalogue({ ...outside, answers }),
    publisher,
    metrics,
    log,
    reports,
    version: config.SERVICE_VERSION,
    devToken: config.secrets.DEV_TOKEN_FILE,
    tokens: createTokens(secret),
    sessions: createSessions(stateRedis, stateGuard),
    door,
    seats: createSeats(stateRedis, stateGuard, metrics, {
      most: config.SOCKETS_PER_USER,
      upkeepSeconds: config.SOCKET_UPKEEP_SECONDS,
    }),
    written: createWritten(stateRedis, stateGuard),
    userWindow: createWindow(config.RATE_LIMIT_PER_MINUTE, metrics),
    visitorLimit: limit(config.VISITOR_RATE_LIMIT_PER_MINUTE),
    beaconLimit: limit(config.BEACON_RATE_LIMIT_PER_MINUTE),
    activity,
    webhookKeys: webhookKeys(config.secrets.PAYMENT_WEBHOOK_KEY_FILE),
    loginLimit: limit(config.LOGIN_RATE_LIMIT_PER_MINUTE),
    accountLimit: limit(config.LOGIN_RATE_LIMIT_PER_MINUTE * FROM_EVERYWHERE),
    // The cache is not among them: all pods share it, and without it each of them still serves everything.
    readiness: [
      { name: "database", check: () => database.ping() },
      { name: "redis-state", check: () => stateRedis.ping() },
    ],
  };
}

/** Live updates. A read of their stream blocks its connection, so it is not the one that everything else uses. */
function openRealtime({ config, log, lifecycle }: Base, parts: ReturnType<typeof openParts>) {
  return createRealtime({
    ...parts,
    reader: connectState(config, log, BLOCK_MS + 1_000),
    socketsMax: config.SOCKETS_MAX,
    upkeepSeconds: config.SOCKET_UPKEEP_SECONDS,
    drainSeconds: config.DRAIN_SECONDS,
    stopping: lifecycle.stopping,
  });
}
