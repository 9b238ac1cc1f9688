import { createTokens } from "../accounts/tokens.ts";
import { adminHandler } from "../admin.ts";
import { createAdmission } from "../admission/admission.ts";
import { createOverseerr } from "../clients/overseerr.ts";
import { createPlex } from "../clients/plex.ts";
import { createTmdb } from "../clients/tmdb.ts";
import { createYoutube } from "../clients/youtube.ts";
import type { Config } from "../config.ts";
import { createAnswers } from "../data/answers.ts";
import { createRequestCache } from "../data/cache.ts";
import { connectDatabase } from "../data/database.ts";
import { createDoor } from "../data/door.ts";
import { createBoss } from "../data/queue.ts";
import { createRateLimit, createWindow } from "../data/rate-limit.ts";
import { connectCache, connectState } from "../data/redis.ts";
import { createSessions } from "../data/sessions.ts";
import { createWritten } from "../data/written.ts";
import { createCatalogue } from "../domain/catalogue.ts";
import { createApp } from "../http/app.ts";
import { mountRoutes } from "../http/routes.ts";
import { listen, type Running } from "../lifecycle.ts";
import { migrate } from "../migrate.ts";
import { ANY_ERROR, createGuard } from "../recovery/guard.ts";
import { type Base, type Opened, type Overrides, startProcess, untilAvailable } from "./start.ts";

/** The public HTTP API. */
export function startApi(config: Config, overrides?: Overrides): Promise<Running> {
  return startProcess(config, overrides, openApi);
}

async function openApi(base: Base): Promise<Opened> {
  const { config, log, metrics, lifecycle } = base;
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

  const app = createApp({ log, metrics, draining: () => lifecycle.draining }, (express) => mountRoutes(express, parts));
  const admission = createAdmission({ log, metrics });
  lifecycle.onClose("admission", async () => admission.stop());
  const httpPort = await listen(lifecycle, "http server", config.HTTP_PORT, admission.guard(app));
  return { httpPort, adminPort, drainSeconds: config.DRAIN_SECONDS };
}

function openParts({ config, log, metrics, lifecycle }: Base) {
  const database = connectDatabase(config, log, metrics);
  const cacheRedis = connectCache(config, log);
  const stateRedis = connectState(config, log);
  const outside = openOutside({ config, metrics });
  const stateGuard = createGuard("redis-state", ANY_ERROR, metrics);
  const door = createDoor(stateRedis, stateGuard);
  const limit = (perMinute: number) => createRateLimit(door, perMinute, metrics);
  lifecycle.onClose("database", () => database.close());
  lifecycle.onClose("redis", async () => {
    cacheRedis.disconnect();
    stateRedis.disconnect();
  });
  const answers = createAnswers(cacheRedis, log, metrics);
  for (const [name, service] of Object.entries(outside)) lifecycle.onClose(name, () => service.close());
  return {
    database,
    boss: createBoss(database.primary, log, { supervise: false }),
    cache: createRequestCache(cacheRedis, log, metrics),
    ...outside,
    catalogue: createCatalogue({ ...outside, answers }),
    metrics,
    log,
    version: config.SERVICE_VERSION,
    devToken: config.secrets.DEV_TOKEN_FILE,
    tokens: createTokens(config.secrets.TOKEN_KEY_FILE ?? config.secrets.PGPASSWORD_FILE ?? ""),
    sessions: createSessions(stateRedis, stateGuard),
    door,
    written: createWritten(stateRedis, stateGuard),
    userWindow: createWindow(config.RATE_LIMIT_PER_MINUTE, metrics),
    visitorLimit: limit(config.VISITOR_RATE_LIMIT_PER_MINUTE),
    loginLimit: limit(config.LOGIN_RATE_LIMIT_PER_MINUTE),
    // The cache is not among them: all pods share it, and without it each of them still serves everything.
    readiness: [
      { name: "database", check: () => database.ping() },
      { name: "redis-state", check: () => stateRedis.ping() },
    ],
  };
}

/** A service without a credential is asked all the same: its refusal is then the answer, and the log says whose. */
const NO_CREDENTIAL = "none";

function openOutside({ config, metrics }: Pick<Base, "config" | "metrics">) {
  const secret = (key: keyof Config["secrets"]) => config.secrets[key] ?? NO_CREDENTIAL;
  return {
    tmdb: createTmdb({ baseUrl: config.TMDB_BASE_URL, token: secret("TMDB_TOKEN_FILE"), metrics }),
    plex: createPlex({ baseUrl: config.PLEX_BASE_URL, token: secret("PLEX_TOKEN_FILE"), metrics }),
    youtube: createYoutube({ baseUrl: config.YOUTUBE_BASE_URL, key: secret("YOUTUBE_KEY_FILE"), metrics }),
    overseerr: createOverseerr({ baseUrl: config.OVERSEERR_BASE_URL, key: secret("OVERSEERR_KEY_FILE"), metrics }),
  };
}
