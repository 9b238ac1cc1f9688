import type { Input } from "@pulumi/pulumi";
import { type OutsideService, outsideNames, outsideServices, realServices } from "../config/outside.ts";
import type { Config } from "../config/schema.ts";
import { address, type Link, portOf } from "../lib/endpoints.ts";
import type { Process, ServiceArgs } from "./service.plan.ts";

/** What a process has, because of something that it uses. */
export interface Part {
  /** Variables, as service/src/process/config.ts reads them. */
  env?: Record<string, Input<string>>;
  /** Secret files by the variable that names them; one that the stack does not have is left out. */
  secretFiles?: Record<string, string>;
  links?: Link[];
}

/** What each process uses. Its variables, secret files and links all follow from this, so none has more than it needs. */
const USES: Record<Process, readonly PartName[]> = {
  api: [
    "common",
    "server",
    "traces",
    "database",
    "migrations",
    "cache",
    "state",
    "outside",
    "tokens",
    "limits",
    "payments",
  ],
  worker: ["common", "server", "traces", "database", "cache", "state", "overseerr"],
  doubles: ["common", "server", "traces"],
  prober: ["common", "outside", "pushgateway"],
};

/** Seconds between "not ready" and closing. */
export const DRAIN_SECONDS = 5;

const parts = {
  common: ({ app, image }) => ({
    env: { LOG_LEVEL: app.logLevel, NODE_ENV: "production", SERVICE_VERSION: image.version },
  }),
  server: () => ({
    env: {
      ADMIN_PORT: String(portOf("api", "admin")),
      DRAIN_SECONDS: String(DRAIN_SECONDS),
      HTTP_PORT: String(portOf("api", "http")),
    },
  }),
  traces: ({ app, traced }) => ({
    env: {
      TRACE_SAMPLE_RATIO: String(app.traceSampleRatio),
      ...(traced ? { OTEL_EXPORTER_OTLP_ENDPOINT: `http://${address("collector:otlp-http")}` } : {}),
    },
    links: traced ? ["collector:otlp-http"] : [],
  }),
  database: ({ tier, databaseUser }, process) => ({
    env: {
      PGDATABASE: "media",
      PGHOST: "pgbouncer",
      PGPORT: String(portOf("pgbouncer", "pgbouncer")),
      PGUSER: databaseUser,
      PG_POOL_MAX: String(tier[process === "worker" ? "worker" : "api"].poolMax),
      PG_RO_DATABASE: "media_ro",
    },
    secretFiles: { PGPASSWORD_FILE: "database-password" },
    links: ["pgbouncer:pgbouncer"],
  }),
  // Migrations need a session of their own, which the pooler does not give.
  migrations: () => ({ env: { MIGRATE_PGHOST: "postgres" }, links: ["postgres:postgresql"] }),
  cache: () => ({
    env: { REDIS_CACHE_URL: `redis://${address("redis-cache:redis")}` },
    secretFiles: { REDIS_CACHE_PASSWORD_FILE: "redis-cache-password" },
    links: ["redis-cache:redis"],
  }),
  state: () => ({
    env: { REDIS_STATE_NAME: "state", REDIS_STATE_SENTINELS: address("redis-state-sentinel:sentinel") },
    secretFiles: { REDIS_STATE_PASSWORD_FILE: "redis-state-password" },
    links: ["redis-state:redis", "redis-state-sentinel:sentinel"],
  }),
  outside: ({ app }) => outside(app, outsideNames),
  overseerr: ({ app }) => outside(app, ["overseerr"]),
  tokens: () => ({ secretFiles: { DEV_TOKEN_FILE: "dev-token", TOKEN_KEY_FILE: "token-key" } }),
  payments: () => ({
    secretFiles: { FIRST_ADMIN_FILE: "first-admin", PAYMENT_WEBHOOK_KEY_FILE: "payment-webhook-key" },
  }),
  limits: ({ app }) => ({
    env: {
      LOGIN_RATE_LIMIT_PER_MINUTE: String(app.loginRateLimitPerMinute),
      RATE_LIMIT_PER_MINUTE: String(app.rateLimitPerMinute),
      VISITOR_RATE_LIMIT_PER_MINUTE: String(app.visitorRateLimitPerMinute),
    },
  }),
  pushgateway: () => ({
    env: { PUSHGATEWAY_URL: `http://${address("pushgateway:http")}` },
    links: ["pushgateway:http"],
  }),
} satisfies Record<string, (args: ServiceArgs, process: Process) => Part>;

type PartName = keyof typeof parts;

/** Everything that a process uses, put together. */
export function usesOf(process: Process, args: ServiceArgs): Required<Part> {
  const used: Part[] = USES[process].map((name) => parts[name](args, process));
  return {
    env: Object.assign({}, ...used.map(({ env }) => env)),
    secretFiles: Object.assign({}, ...used.map(({ secretFiles }) => secretFiles)),
    links: used.flatMap(({ links = [] }) => links),
  };
}

/** The credential's file, also the name under which one is generated. */
export const credentialOf = (name: string) => `${name}-credential`;

/** Each of these services where the configuration says it is, the others at their doubles. */
function outside(app: Config["app"], names: readonly OutsideService[]): Part {
  const real = Object.fromEntries(realServices(app.outside).filter(([name]) => names.includes(name)));
  const urlOf = (name: string) => real[name] ?? `http://${address("doubles:http")}/${name}`;
  const entries = names.map((name) => ({ name, ...outsideServices[name] }));
  return {
    env: Object.fromEntries(entries.map(({ name, url }) => [url, urlOf(name)])),
    secretFiles: Object.fromEntries(entries.map(({ name, credential }) => [credential, credentialOf(name)])),
    links: [
      ...(entries.some(({ name }) => !real[name]) ? (["doubles:http"] as const) : []),
      ...(Object.keys(real).length > 0 ? (["outside-services"] as const) : []),
    ],
  };
}
