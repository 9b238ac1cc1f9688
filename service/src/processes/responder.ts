import { secretsIn } from "../auth/known-secrets.ts";
import { createTokens } from "../auth/tokens.ts";
import { connectDatabase } from "../data/postgres/database.ts";
import { connectCache, connectState } from "../data/redis/redis.ts";
import { createSessions } from "../data/redis/sessions.ts";
import { createApp } from "../http/app.ts";
import { setFields } from "../http/observe.ts";
import { adminHandler } from "../process/admin-server.ts";
import type { Config } from "../process/config.ts";
import { listen, type Running } from "../process/lifecycle.ts";
import { type Base, type Opened, type Overrides, startProcess } from "../process/start.ts";
import { ANY_ERROR, createPolicy } from "../resilience/policy.ts";
import type { Deps, Settings } from "../responder/deps.ts";
import { createEngine } from "../responder/engine.ts";
import { mountHooks } from "../responder/hooks/routes.ts";
import { createIntake } from "../responder/intake.ts";
import { observeClosed, watchIncidents } from "../responder/observe.ts";
import { mountPages } from "../responder/page/routes.ts";
import { createOidc, type Oidc } from "../responder/sign-in/oidc.ts";
import { mountSignIn, type SignInDeps } from "../responder/sign-in/routes.ts";
import { createCacheAccess } from "../responder/sources/cache.ts";
import { createKubernetes } from "../responder/sources/kubernetes.ts";
import { connectOperations } from "../responder/sources/operations.ts";
import { createAlertmanager, createJaeger, createLoki } from "../responder/sources/others.ts";
import { createPagerDuty } from "../responder/sources/pagerduty.ts";
import { createPrometheus } from "../responder/sources/prometheus.ts";
import { openSpool } from "../responder/spool.ts";
import { webhook } from "../responder/webhook.ts";

const REPLAY_MS = 2_000;

/** Takes alerts from Alertmanager and brings each incident to its end: investigated, mended, verified, or told to people. */
export function startResponder(config: Config, overrides?: Overrides): Promise<Running> {
  return startProcess(config, overrides, openResponder);
}

/**
 * It waits for nothing at its start: without the database it keeps notifications on disk, without Prometheus it mends
 * nothing, and in both cases it tells people.
 */
async function openResponder(base: Base): Promise<Opened> {
  const { config, log, metrics, lifecycle, observe } = base;
  const deps = openDeps(base);
  const { database, alertmanager } = deps;
  const spool = await openSpool(config.SPOOL_FOLDER);
  const admin = adminHandler({ metrics, lifecycle, readiness: [] });
  const adminPort = await listen(lifecycle, "admin server", config.ADMIN_PORT, admin);
  const engine = createEngine(deps);
  const intake = createIntake({ database, spool, alertmanager, log, metrics, wake: engine.wake });

  const app = createApp({ log, metrics, observe, draining: () => lifecycle.draining }, (express) => {
    express.use(setFields);
    const webhookTokens = secretsIn(config.secrets.RESPONDER_WEBHOOK_TOKEN_FILE);
    express.post("/webhook", ...webhook({ tokens: webhookTokens, metrics, take: intake.take }));
    mountHooks(express, {
      deps,
      pagerDutySecret: config.secrets.PAGERDUTY_WEBHOOK_SECRET_FILE,
      slackSecret: config.secrets.SLACK_SIGNING_SECRET_FILE,
      wake: engine.wake,
    });
    mountPages(express, { deps, wake: engine.wake, check: mountSignIn(express, openSignIn(base)) });
  });
  const httpPort = await listen(lifecycle, "http server", config.HTTP_PORT, app);
  const watch = watchIncidents(database, spool, log, metrics);
  lifecycle.onClose("incident watch", async () => watch.stop());
  runRegularly(base, "replay", REPLAY_MS, intake.replay);
  const stop = new AbortController();
  const running = engine.run(stop.signal);
  // Closed first: a step that has begun comes to its end.
  lifecycle.onClose("incidents", () => {
    stop.abort();
    return running;
  });
  return { httpPort, adminPort, drainSeconds: 0 };
}

/** By which people come to the pages here and, through the gateway, to those of other programs. */
function openSignIn({ config, log, metrics, lifecycle }: Base): SignInDeps {
  const keys = config.secrets.TOKEN_KEY_FILE ?? config.secrets.PGPASSWORD_FILE ?? "";
  const stateRedis = connectState(config, log);
  lifecycle.onClose("state redis", async () => stateRedis.disconnect());
  return {
    apiUrl: config.API_URL,
    tokens: createTokens(keys),
    pageTokens: createTokens(keys, Date.now, "pages"),
    devTokens: secretsIn(config.secrets.DEV_TOKEN_FILE),
    sessions: createSessions(stateRedis, createPolicy("redis-state", ANY_ERROR, metrics)),
    local: config.LOCAL_SIGN_IN === "on",
    oidc: oidcOf(config),
    pages: config.OPS_PAGES.split(",").filter(Boolean),
    log,
  };
}

function oidcOf(config: Config): Oidc | undefined {
  if (config.OIDC_ISSUER === undefined) return undefined;
  return createOidc({
    issuer: config.OIDC_ISSUER,
    clientId: config.OIDC_CLIENT_ID,
    clientSecret: config.secrets.OIDC_CLIENT_SECRET_FILE ?? "",
    scope: config.OIDC_SCOPE,
    adminClaim: config.OIDC_ADMIN_CLAIM,
    adminValues: config.OIDC_ADMIN_VALUES,
  });
}

function openDeps({ config, log, metrics, lifecycle }: Base): Deps {
  const database = connectDatabase(config, log, metrics);
  lifecycle.onClose("database", () => database.close());
  const pagerKey = config.secrets.PAGERDUTY_KEY_FILE;
  const cacheRedis = connectCache(config, log);
  lifecycle.onClose("redis", async () => cacheRedis.disconnect());
  const operations = connectOperations(config, log);
  lifecycle.onClose("operations role", () => operations.close());
  return {
    database,
    operations,
    prometheus: createPrometheus(config.PROMETHEUS_URL),
    loki: createLoki(config.LOKI_URL),
    jaeger: createJaeger(config.JAEGER_URL),
    alertmanager: createAlertmanager(config.ALERTMANAGER_URL),
    pagerDuty: pagerKey === undefined ? undefined : createPagerDuty(config.PAGERDUTY_URL, pagerKey),
    kubernetes: createKubernetes(config.KUBERNETES_URL, config.NAMESPACE),
    cache: createCacheAccess(cacheRedis, { log, metrics }),
    settings: settingsOf(config),
    log,
    metrics,
    now: () => new Date(),
    observeClosed: observeClosed(metrics, log),
  };
}

function settingsOf(config: Config): Settings {
  return {
    namespace: config.NAMESPACE,
    automation: config.AUTOMATION,
    escalationMinutes: config.ESCALATION_MINUTES.split(",").filter(Boolean).map(Number),
    reviewMinutes: config.REVIEW_MINUTES,
    limits: { idle: config.IDLE_SECONDS, runaway: config.RUNAWAY_SECONDS },
    quietSeconds: config.QUIET_SECONDS,
    scaleOutMost: numbersOf(config.SCALE_OUT_MOST),
    volumeMostGi: numbersOf(config.VOLUME_MOST_GI),
  };
}

/** `name=number`, separated by commas. */
function numbersOf(text: string): Record<string, number> {
  const pairs = text.split(",").filter(Boolean);
  return Object.fromEntries(pairs.map((pair) => pair.split("=")).map(([name = "", most]) => [name, Number(most)]));
}

function runRegularly({ log, metrics, lifecycle }: Base, task: string, ms: number, work: () => Promise<void>): void {
  let running = Promise.resolve();
  let busy = false;
  const timer = setInterval(() => {
    if (busy) return;
    busy = true;
    running = work()
      .catch((error) => {
        log.warn({ err: error, task }, "a background task failed");
        metrics.backgroundFailure({ task });
      })
      .finally(() => {
        busy = false;
      });
  }, ms);
  lifecycle.onClose(task, () => {
    clearInterval(timer);
    return running;
  });
}
