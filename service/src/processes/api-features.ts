import type { PgBoss } from "pg-boss";
import { secretsIn } from "../auth/known-secrets.ts";
import { createTokens } from "../auth/tokens.ts";
import { createRequestCache } from "../data/redis/cache.ts";
import { createCallerLookup } from "../data/redis/caller-lookup.ts";
import { createConnectionSlots } from "../data/redis/connection-slots.ts";
import { createPasswordResets } from "../data/redis/password-resets.ts";
import { createRateLimit, createWindow, HOUR } from "../data/redis/rate-limit.ts";
import { createReadYourWrites } from "../data/redis/read-your-writes.ts";
import { connectState } from "../data/redis/redis.ts";
import { createSessions } from "../data/redis/sessions.ts";
import { createUpstreamCache } from "../data/redis/upstream-cache.ts";
import { createActivity, flushRegularly } from "../domain/activity.ts";
import { createCatalogue } from "../domain/catalogue.ts";
import { accountHandlers } from "../http/account-handlers.ts";
import { documentationHandlers } from "../http/documentation-handlers.ts";
import { downloadHandlers } from "../http/download-handlers.ts";
import { errorHandlers } from "../http/error-handlers.ts";
import { healthHandlers } from "../http/health-handlers.ts";
import { mediaHandlers } from "../http/media-handlers.ts";
import type { Handlers } from "../http/mount.ts";
import { paymentHandlers } from "../http/payment-handlers.ts";
import { requestHandlers } from "../http/request-handlers.ts";
import { rumHandlers } from "../http/rum-handlers.ts";
import type { Base } from "../process/start.ts";
import { BLOCK_MS } from "../realtime/feed.ts";
import { createRealtime } from "../realtime/server.ts";
import type { openUpstreams } from "../upstreams/clients.ts";
import { createMailer, type Mailer } from "../upstreams/mail.ts";
import type { Stores } from "./stores.ts";

/** Tries to sign in to one account from all addresses together, as a multiple of those from one address. */
const FROM_ALL_ADDRESSES = 10;

export type Auth = ReturnType<typeof openAuth>;

/** Who calls, and how often they may: the same for HTTP and for sockets. */
export function openAuth({ config, log, metrics, lifecycle }: Base, { database, stateRedis, statePolicy }: Stores) {
  // The keys of access tokens and of visitors' pseudonyms are derived from them.
  const keys = config.secrets.TOKEN_KEY_FILE ?? config.secrets.PGPASSWORD_FILE ?? "";
  const callerLookup = createCallerLookup(stateRedis, statePolicy);
  const limit = (perMinute: number) => createRateLimit(callerLookup, perMinute, metrics);
  const activity = createActivity({ database, metrics, log }, secretsIn(keys)[0] ?? "");
  lifecycle.onClose("activity", flushRegularly(activity));
  return {
    devTokens: secretsIn(config.secrets.DEV_TOKEN_FILE),
    tokens: createTokens(keys),
    sessions: createSessions(stateRedis, statePolicy),
    callerLookup,
    readYourWrites: createReadYourWrites(stateRedis, statePolicy),
    activity,
    userWindow: createWindow(config.RATE_LIMIT_PER_MINUTE, metrics),
    visitorLimit: limit(config.VISITOR_RATE_LIMIT_PER_MINUTE),
    beaconLimit: limit(config.BEACON_RATE_LIMIT_PER_MINUTE),
    loginLimit: limit(config.LOGIN_RATE_LIMIT_PER_MINUTE),
    accountLimit: limit(config.LOGIN_RATE_LIMIT_PER_MINUTE * FROM_ALL_ADDRESSES),
    resets: createPasswordResets(stateRedis, statePolicy),
    registrationLimit: createRateLimit(callerLookup, config.REGISTRATION_RATE_LIMIT_PER_HOUR, metrics, Date.now, HOUR),
    webhookKeys: secretsIn(config.secrets.PAYMENT_WEBHOOK_KEY_FILE),
  };
}

export type Upstreams = ReturnType<typeof openUpstreams>;

/** Every operation of the API, feature by feature. */
export function openFeatures(base: Base, stores: Stores, auth: Auth, boss: PgBoss, upstreams: Upstreams): Handlers {
  const { config, log, metrics } = base;
  const { database, cacheRedis, publisher, reports } = stores;
  const monitors = { log, metrics, reports };
  // No call of a client is refused by it, so that it is not counted among those.
  const searches = createRateLimit(
    auth.callerLookup,
    config.YOUTUBE_SEARCHES_PER_HOUR,
    { rateLimit: () => {} },
    Date.now,
    HOUR,
  );
  const catalogue = createCatalogue({
    ...upstreams,
    upstreamCache: createUpstreamCache(cacheRedis, monitors),
    maySearchYoutube: async () => !(await searches("youtube searches")).exceeded,
  });
  const cache = createRequestCache(cacheRedis, log, metrics);
  return {
    ...requestHandlers({ database, cache, catalogue, boss, publisher, ...monitors }),
    ...downloadHandlers({ database }),
    ...accountHandlers({
      database,
      metrics,
      log,
      mailer: openMailer(base),
      resetUrl: config.PASSWORD_RESET_URL,
      ...auth,
    }),
    ...mediaHandlers({ catalogue, overseerr: upstreams.overseerr }),
    ...paymentHandlers({ database, metrics, log }),
    ...healthHandlers(upstreams),
    ...rumHandlers({ metrics }),
    ...errorHandlers({ database }),
    ...documentationHandlers(config.SERVICE_VERSION),
  };
}

function openMailer({ config, lifecycle }: Base): Mailer | undefined {
  const url = config.secrets.SMTP_URL_FILE;
  if (url === undefined) return undefined;
  const mailer = createMailer(url, config.MAIL_FROM);
  lifecycle.onClose("mail", async () => mailer.close());
  return mailer;
}

/** Live updates. A read of their stream blocks its connection, so it has one of its own. */
export function openRealtime({ config, log, metrics, lifecycle }: Base, stores: Stores, auth: Auth) {
  const { stateRedis, statePolicy, reports } = stores;
  return createRealtime({
    log,
    metrics,
    reports,
    ...auth,
    slots: createConnectionSlots(stateRedis, statePolicy, metrics, {
      most: config.SOCKETS_PER_USER,
      upkeepSeconds: config.SOCKET_UPKEEP_SECONDS,
    }),
    reader: connectState(config, log, BLOCK_MS + 1_000),
    socketsMax: config.SOCKETS_MAX,
    upkeepSeconds: config.SOCKET_UPKEEP_SECONDS,
    drainSeconds: config.DRAIN_SECONDS,
    stopping: lifecycle.stopping,
  });
}
