import { z } from "zod";
import { IDLE_IN_TRANSACTION_SECONDS, RUNAWAY_QUERY_SECONDS } from "../observability/metrics/objectives.ts";

/** Name of the database and of the role that owns it. */
export const DATABASE = "media";
/** The same database behind the read-only service. */
export const READ_ONLY_DATABASE = `${DATABASE}_ro`;

const text = (fallback: string, example = fallback) => z.string().min(1).default(fallback).meta({ example });

const whole = (fallback: number, min: number, max: number) =>
  z
    .string()
    .regex(/^\d+$/, "must be a whole number")
    .transform(Number)
    .pipe(z.number().min(min).max(max))
    .prefault(String(fallback))
    .meta({ example: String(fallback) });

const port = z.string().regex(/^\d+$/, "must be a whole number").transform(Number).pipe(z.number().min(0).max(65_535));

const secretFile = (example: string) =>
  z
    .string()
    .min(1)
    .optional()
    .meta({ example: `/run/secrets/media/${example}` });

const url = (fallback: string, example: string) =>
  z
    .url({ protocol: /^https?$/ })
    .default(fallback)
    .meta({ example });

const numbers = (example: string) =>
  z
    .string()
    .regex(/^([a-z-]+=\d+(,[a-z-]+=\d+)*)?$/, "must be name=number, separated by commas")
    .default("")
    .meta({ example });

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Every variable that the processes read, with its default and an example. */
export const environment = z.object({
  NODE_ENV: text("production"),
  SERVICE_VERSION: text("0.0.0", "1.4.2"),
  LOG_LEVEL: z.enum(["fatal", "error", "warn", "info", "debug", "trace"]).default("info").meta({ example: "info" }),
  /** Port of the public HTTP server; 0 lets the kernel choose. */
  HTTP_PORT: whole(8080, 0, 65_535),
  /** Port of /metrics, /livez and /readyz; 0 lets the kernel choose. */
  ADMIN_PORT: whole(9464, 0, 65_535),
  /** Ports on which the doubles take alerts, by HTTP and by mail; without them they take none. 0 lets the kernel choose. */
  SINK_PORT: port.optional().meta({ example: "8090" }),
  SMTP_PORT: port.optional().meta({ example: "2525" }),
  /** What the sink's webhook wants to hear from its callers. */
  ALERT_WEBHOOK_TOKEN_FILE: secretFile("alert-webhook-token"),
  /** Seconds between "not ready" and closing, so that every load balancer has seen it. */
  DRAIN_SECONDS: whole(5, 0, 120),

  PGHOST: text("pgbouncer"),
  PGPORT: whole(6432, 1, 65_535),
  PGDATABASE: text(DATABASE),
  /** The same database behind the read-only service. */
  PG_RO_DATABASE: text(READ_ONLY_DATABASE),
  PGUSER: text(DATABASE),
  PGPASSWORD_FILE: secretFile("database-password"),
  /** Connections per pool and process. */
  PG_POOL_MAX: whole(10, 1, 200),
  /** PostgreSQL itself, not a pooler: migrations hold a session lock. */
  MIGRATE_PGHOST: text("postgres"),
  MIGRATE_PGPORT: whole(5432, 1, 65_535),

  REDIS_CACHE_URL: z
    .url({ protocol: /^rediss?$/ })
    .default("redis://redis-cache:6379")
    .meta({ example: "redis://redis-cache:6379" }),
  REDIS_CACHE_PASSWORD_FILE: secretFile("redis-cache-password"),
  REDIS_STATE_SENTINELS: z
    .string()
    .regex(/^[^:,\s]+:\d+(,[^:,\s]+:\d+)*$/, "must be host:port, separated by commas")
    .default("redis-state-sentinel:26379")
    .meta({ example: "redis-state-sentinel:26379" }),
  REDIS_STATE_NAME: text("state"),
  REDIS_STATE_PASSWORD_FILE: secretFile("redis-state-password"),
  /** What the Sentinels ask for; unset: they ask for none. */
  REDIS_SENTINEL_PASSWORD_FILE: secretFile("redis-sentinel-password"),

  TMDB_BASE_URL: z
    .url({ protocol: /^https?$/ })
    .default("http://doubles:8080/tmdb")
    .meta({ example: "https://api.themoviedb.org" }),
  TMDB_TOKEN_FILE: secretFile("tmdb-token"),
  PLEX_BASE_URL: url("http://doubles:8080/plex", "http://plex:32400"),
  PLEX_TOKEN_FILE: secretFile("plex-token"),
  YOUTUBE_BASE_URL: url("http://doubles:8080/youtube", "https://www.googleapis.com"),
  YOUTUBE_KEY_FILE: secretFile("youtube-key"),
  /**
   * Searches at YouTube in an hour, of all processes together. Each costs 100 of its 10,000 units a day, and the prober
   * takes 1,440: 3 an hour are 75 in any 24 hours.
   */
  YOUTUBE_SEARCHES_PER_HOUR: whole(3, 0, 1_000_000),
  OVERSEERR_BASE_URL: url("http://doubles:8080/overseerr", "http://overseerr:5055"),
  OVERSEERR_KEY_FILE: secretFile("overseerr-key"),
  /** Where the prober leaves what it found. */
  PUSHGATEWAY_URL: url("http://pushgateway:9091", "http://pushgateway:9091"),
  /** Whose certificate the prober looks at; unset: none. */
  GATEWAY_URL: z
    .url({ protocol: /^https$/ })
    .optional()
    .meta({ example: "https://gateway-inside:8444" }),
  /** Bearer token that authorises as the user "dev"; without it no token does. */
  DEV_TOKEN_FILE: secretFile("dev-token"),
  /** Signs access tokens; by default a key is derived from the database's password, which all api processes share. */
  TOKEN_KEY_FILE: secretFile("token-key"),
  /** Signs the payment provider's events: one key or, while it is being changed, two, one per line. Without it none is accepted. */
  PAYMENT_WEBHOOK_KEY_FILE: secretFile("payment-webhook-key"),
  /** Mail server, as "smtp://user:password@host:587?requireTLS=true"; without it no password is reset by mail. */
  SMTP_URL_FILE: secretFile("smtp-url"),
  MAIL_FROM: text("media@localhost", "media@example.com"),
  /** The front end's page for a new password; without it the mail has the bare token. */
  PASSWORD_RESET_URL: z
    .url({ protocol: /^https?$/ })
    .optional()
    .meta({ example: "https://media.example.com/password" }),
  /** `<address>:<password>` of the administrator to make when there is none; read when the database is migrated. */
  FIRST_ADMIN_FILE: secretFile("first-admin"),
  /** Calls one address may make in a minute before it is signed in. */
  VISITOR_RATE_LIMIT_PER_MINUTE: whole(60, 1, 10_000_000),
  /** Timings of pages that one address may report in a minute. */
  BEACON_RATE_LIMIT_PER_MINUTE: whole(120, 1, 10_000_000),
  /** Seconds between two computations of the business metrics. */
  BUSINESS_INTERVAL_SECONDS: whole(60, 1, 3_600),
  /** Tries per account, address and minute to sign in; ten times as many from all addresses together. */
  LOGIN_RATE_LIMIT_PER_MINUTE: whole(10, 1, 10_000_000),
  /** Accounts that one network may ask for in an hour: each can fill the state Redis with its sessions. */
  REGISTRATION_RATE_LIMIT_PER_HOUR: whole(20, 1, 10_000_000),
  /** Requests one token may make in a minute. */
  RATE_LIMIT_PER_MINUTE: whole(12_000, 1, 10_000_000),

  /** Socket.IO connections that one api process takes. */
  SOCKETS_MAX: whole(5_000, 1, 1_000_000),
  /** Connections that one user may have, to all api processes together. */
  SOCKETS_PER_USER: whole(20, 1, 1_000_000),
  /** Seconds between two looks whether a connection is still to be counted and its session open, and between two notes of its place. */
  SOCKET_UPKEEP_SECONDS: whole(30, 1, 900),

  /** What Alertmanager has to know to tell the responder of alerts. */
  RESPONDER_WEBHOOK_TOKEN_FILE: secretFile("responder-webhook-token"),
  /** PagerDuty's Events API v2 and the key of its service; without the key it is not told of acknowledgements. */
  PAGERDUTY_URL: url("https://events.pagerduty.com/v2/enqueue", "https://events.pagerduty.com/v2/enqueue"),
  PAGERDUTY_KEY_FILE: secretFile("pagerduty-key"),
  /** Signs PagerDuty's webhook (version 3); without it the webhook is refused. */
  PAGERDUTY_WEBHOOK_SECRET_FILE: secretFile("pagerduty-webhook-secret"),
  /** Signs Slack's interactive requests; without it they are refused. */
  SLACK_SIGNING_SECRET_FILE: secretFile("slack-signing-secret"),
  /** Where the responder keeps notifications while the database is away. */
  SPOOL_FOLDER: text("/var/lib/responder"),
  /** PostgreSQL itself, and the role by which the responder sees sessions and ends what they do. */
  OPERATIONS_PGHOST: text("postgres"),
  OPERATIONS_PGPORT: whole(5432, 1, 65_535),
  OPERATIONS_PGUSER: text("responder"),
  OPERATIONS_PASSWORD_FILE: secretFile("operations-password"),
  PROMETHEUS_URL: url("http://prometheus:9090", "http://prometheus:9090"),
  LOKI_URL: url("http://loki:3100", "http://loki:3100"),
  JAEGER_URL: url("http://jaeger:16686", "http://jaeger:16686"),
  ALERTMANAGER_URL: url("http://alertmanager:9093", "http://alertmanager:9093"),
  /** Where the responder's page has passwords checked. */
  API_URL: url("http://api:8080", "http://api:8080"),
  /** Pages of other programs behind the sign-in, as the gateway serves them below /ops. */
  OPS_PAGES: z
    .string()
    .regex(/^([a-z]+(,[a-z]+)*)?$/, "must be names, separated by commas")
    .default("")
    .meta({ example: "prometheus,grafana" }),
  /** Whether administrators sign in to the operators' pages with address and password; `off` leaves the provider alone. */
  LOCAL_SIGN_IN: z.enum(["on", "off"]).default("on").meta({ example: "off" }),
  /** The OpenID Connect provider by which people sign in to the operators' pages; unset: there is none. */
  OIDC_ISSUER: z
    .url({ protocol: /^https?$/ })
    .optional()
    .meta({ example: "https://id.example.com" }),
  OIDC_CLIENT_ID: text("media", "media-operations"),
  OIDC_CLIENT_SECRET_FILE: secretFile("oidc-client-secret"),
  /** What is asked for, separated by spaces; "openid" among it. */
  OIDC_SCOPE: text("openid email"),
  /** The ID token's claim, and as JSON those of its values that make an administrator. */
  OIDC_ADMIN_CLAIM: text("groups"),
  OIDC_ADMIN_VALUES: z
    .string()
    .transform((value, context): string[] => {
      const parsed = z.array(z.string().min(1)).safeParse(json(value));
      if (parsed.success) return parsed.data;
      context.addIssue({ code: "custom", message: "must be a JSON list of texts" });
      return z.NEVER;
    })
    .prefault("[]")
    .meta({ example: '["media-operators"]' }),
  KUBERNETES_URL: url("https://kubernetes.default.svc", "https://kubernetes.default.svc"),
  /** The stack's namespace: the responder acts nowhere else. */
  NAMESPACE: text("media", "media-prod"),
  /** `dry-run`: playbooks say what they would do, and do nothing. */
  AUTOMATION: z.enum(["on", "dry-run"]).default("on").meta({ example: "dry-run" }),
  /** Minutes after an escalation at which the next level is told, separated by commas. */
  ESCALATION_MINUTES: z
    .string()
    .regex(/^(\d+(,\d+)*)?$/, "must be whole numbers, separated by commas")
    .default("15,60")
    .meta({ example: "15,60" }),
  /** Seconds for which a session must have been idle in its transaction before a playbook ends it. */
  IDLE_SECONDS: whole(IDLE_IN_TRANSACTION_SECONDS, 1, 86_400),
  /** Seconds for which a transaction must have worked before a playbook cancels its statement. */
  RUNAWAY_SECONDS: whole(RUNAWAY_QUERY_SECONDS, 1, 86_400),
  /** Seconds for which an alert must be over at least: a scrape and an evaluation of Prometheus. */
  QUIET_SECONDS: whole(15, 1, 600),
  /** Minutes that an incident without a playbook waits for a person. */
  REVIEW_MINUTES: whole(30, 1, 1_440),
  /** Most replicas that the playbook scale-out may set. */
  SCALE_OUT_MOST: numbers("api=3,worker=3"),
  /** GiB to which the playbook expand-volume may expand the volumes of a StatefulSet's members. */
  VOLUME_MOST_GI: numbers("postgres=40"),

  /** OTLP over HTTP, without the /v1/traces; unset: no trace is exported. */
  OTEL_EXPORTER_OTLP_ENDPOINT: z
    .url({ protocol: /^https?$/ })
    .optional()
    .meta({ example: "http://collector:4318" }),
  /** Share of new traces that is recorded; a trace begun elsewhere keeps its caller's decision. */
  TRACE_SAMPLE_RATIO: z.coerce.number().min(0).max(1).default(1).meta({ example: "0.1" }),
});

export type Environment = z.infer<typeof environment>;
/** Every variable that is read; any other is misspelt. */
export const VARIABLES = Object.keys(environment.shape);
