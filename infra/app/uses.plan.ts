import type { Input } from "@pulumi/pulumi";
import type { Config } from "../config/schema.ts";
import { realUpstreams, type UpstreamName, upstreamNames, upstreams } from "../config/upstreams.ts";
import { address, type Link, portOf } from "../lib/endpoints.ts";
import { hostPort } from "../lib/handles.ts";
import { pagerDutyUrlOf } from "../observability/receivers.plan.ts";
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
    "upstreams",
    "tokens",
    "limits",
    "payments",
  ],
  worker: ["common", "server", "traces", "database", "cache", "state", "overseerr"],
  doubles: ["common", "server", "traces", "sink"],
  prober: ["common", "upstreams", "pushgateway", "certificate"],
  responder: [
    "common",
    "server",
    "traces",
    "database",
    "cache",
    "state",
    "tokens",
    "operations",
    "signals",
    "incidents",
    "signIn",
  ],
};

/** An evaluation of the rules after a scrape. */
const QUIET_MARGIN_SECONDS = 5;
/** Where the responder keeps what waits for the database. */
export const SPOOL = "/var/lib/responder";

/** Seconds between "not ready" and closing: the gateway may learn of it 7 s late (decision 0031), by a DNS answer of 5 s. */
export const DRAIN_SECONDS = 10;

/** As the service reads numbers by name. */
const pairs = (numbers: Record<string, number>) =>
  Object.entries(numbers)
    .map(([name, most]) => `${name}=${most}`)
    .join(",");

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
  traces: ({ app, observability }) => ({
    env: {
      TRACE_SAMPLE_RATIO: String(app.traceSampleRatio),
      ...(observability ? { OTEL_EXPORTER_OTLP_ENDPOINT: `http://${hostPort(observability.collector)}` } : {}),
    },
    links: observability ? [observability.collector.link] : [],
  }),
  database: ({ data: { pgbouncer }, sizes }, process) => ({
    env: {
      PGDATABASE: pgbouncer.primary.database,
      PGHOST: pgbouncer.primary.host,
      PGPORT: String(pgbouncer.primary.port),
      PGUSER: pgbouncer.primary.user,
      PG_POOL_MAX: String(sizes[process === "worker" ? "worker" : "api"].poolMax),
      PG_RO_DATABASE: pgbouncer.replicas.database,
    },
    secretFiles: { PGPASSWORD_FILE: "database-password" },
    links: [pgbouncer.primary.link],
  }),
  // Migrations need a session of their own, which the pooler does not give.
  migrations: ({ data: { postgres } }) => ({
    env: { MIGRATE_PGHOST: postgres.primary.host },
    links: [postgres.primary.link],
  }),
  cache: ({ data: { redisCache } }) => ({
    env: { REDIS_CACHE_URL: `redis://${hostPort(redisCache)}` },
    secretFiles: { REDIS_CACHE_PASSWORD_FILE: "redis-cache-password" },
    links: [redisCache.link],
  }),
  state: ({ data: { redisState } }) => ({
    env: { REDIS_STATE_NAME: redisState.group, REDIS_STATE_SENTINELS: hostPort(redisState.sentinels) },
    secretFiles: {
      REDIS_SENTINEL_PASSWORD_FILE: "redis-state-password",
      REDIS_STATE_PASSWORD_FILE: "redis-state-password",
    },
    links: [redisState.members.link, redisState.sentinels.link],
  }),
  upstreams: ({ app }) => upstreamsPart(app, upstreamNames),
  overseerr: ({ app }) => upstreamsPart(app, ["overseerr"]),
  tokens: () => ({ secretFiles: { DEV_TOKEN_FILE: "dev-token", TOKEN_KEY_FILE: "token-key" } }),
  payments: () => ({
    secretFiles: { FIRST_ADMIN_FILE: "first-admin", PAYMENT_WEBHOOK_KEY_FILE: "payment-webhook-key" },
  }),
  limits: ({ app }) => ({
    env: {
      LOGIN_RATE_LIMIT_PER_MINUTE: String(app.loginRateLimitPerMinute),
      RATE_LIMIT_PER_MINUTE: String(app.rateLimitPerMinute),
      REGISTRATION_RATE_LIMIT_PER_HOUR: String(app.registrationRateLimitPerHour),
      VISITOR_RATE_LIMIT_PER_MINUTE: String(app.visitorRateLimitPerMinute),
    },
  }),
  sink: () => ({
    env: { SINK_PORT: String(portOf("doubles", "sink")), SMTP_PORT: String(portOf("doubles", "smtp")) },
    secretFiles: { ALERT_WEBHOOK_TOKEN_FILE: "alert-webhook-token" },
  }),
  certificate: () => ({
    env: { GATEWAY_URL: `https://${address("gateway-inside:inside")}` },
    links: ["gateway-inside:inside"],
  }),
  // Sessions are seen and ended at PostgreSQL itself, by a role of its own.
  operations: ({ data: { postgres } }) => ({
    env: {
      OPERATIONS_PGHOST: postgres.operations.host,
      OPERATIONS_PGPORT: String(postgres.operations.port),
      OPERATIONS_PGUSER: postgres.operations.user,
    },
    secretFiles: { OPERATIONS_PASSWORD_FILE: "operations-password" },
    links: [postgres.operations.link],
  }),
  signals: () => ({
    env: {
      ALERTMANAGER_URL: `http://${address("alertmanager:http")}`,
      JAEGER_URL: `http://${address("jaeger:ui")}`,
      LOKI_URL: `http://${address("loki:http")}`,
      PROMETHEUS_URL: `http://${address("prometheus:http")}`,
    },
    links: ["alertmanager:http", "jaeger:ui", "loki:http", "prometheus:http"],
  }),
  incidents: ({ alerts, sizes }) => ({
    env: {
      API_URL: `http://${address("api:http")}`,
      ESCALATION_MINUTES: alerts?.escalation.afterMinutes.join(",") ?? "",
      REVIEW_MINUTES: String(alerts?.escalation.reviewMinutes ?? ""),
      QUIET_SECONDS: String(sizes.prometheus.scrapeIntervalSeconds + QUIET_MARGIN_SECONDS),
      AUTOMATION: alerts?.automation ?? "on",
      SCALE_OUT_MOST: pairs(sizes.responder.scaleOutMost),
      VOLUME_MOST_GI: pairs(sizes.responder.volumeMostGi),
      ...(alerts ? { PAGERDUTY_URL: pagerDutyUrlOf(alerts) } : {}),
      SPOOL_FOLDER: SPOOL,
    },
    secretFiles: {
      PAGERDUTY_KEY_FILE: "pagerduty-key",
      PAGERDUTY_WEBHOOK_SECRET_FILE: "pagerduty-webhook-secret",
      RESPONDER_WEBHOOK_TOKEN_FILE: "responder-webhook-token",
      SLACK_SIGNING_SECRET_FILE: "slack-signing-secret",
    },
    links: [
      "api:http",
      "kubernetes-api",
      ...(alerts ? [alerts.pagerduty.routingKey ? ("alert-receivers" as const) : ("sink:sink" as const)] : []),
    ],
  }),
  // The sign-in of the pages that the gateway serves below /ops.
  signIn: ({ auth, opsPages = [] }) => ({
    env: {
      LOCAL_SIGN_IN: auth?.localAccounts === false ? "off" : "on",
      OPS_PAGES: opsPages.join(","),
      ...(auth?.oidc
        ? {
            OIDC_ISSUER: auth.oidc.issuer,
            OIDC_CLIENT_ID: auth.oidc.clientId,
            OIDC_SCOPE: [...new Set(["openid", ...auth.oidc.scopes])].join(" "),
            OIDC_ADMIN_CLAIM: auth.oidc.adminClaim,
            OIDC_ADMIN_VALUES: JSON.stringify(auth.oidc.adminValues),
          }
        : {}),
    },
    secretFiles: { OIDC_CLIENT_SECRET_FILE: "oidc-client-secret" },
    links: auth?.oidc ? ["identity-provider"] : [],
  }),
  pushgateway: ({ observability }) => ({
    env: observability ? { PUSHGATEWAY_URL: `http://${hostPort(observability.pushgateway)}` } : {},
    links: observability ? [observability.pushgateway.link] : [],
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
export const credentialOf = <N extends string>(name: N) => `${name}-credential` as const;

/** Each of these services where the configuration says it is, the others at their doubles. */
function upstreamsPart(app: Config["app"], names: readonly UpstreamName[]): Part {
  const real = Object.fromEntries(realUpstreams(app.upstreams).filter(([name]) => names.includes(name)));
  const urlOf = (name: string) => real[name] ?? `http://${address("doubles:http")}/${name}`;
  const entries = names.map((name) => ({ name, ...upstreams[name] }));
  return {
    env: Object.fromEntries(entries.map(({ name, url }) => [url, urlOf(name)])),
    secretFiles: Object.fromEntries(entries.map(({ name, credential }) => [credential, credentialOf(name)])),
    links: [
      ...(entries.some(({ name }) => !real[name]) ? (["doubles:http"] as const) : []),
      ...(Object.keys(real).length > 0 ? (["upstreams"] as const) : []),
    ],
  };
}
