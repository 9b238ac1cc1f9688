import { readFileSync } from "node:fs";
import { z } from "zod";

/** The processes this one package can run as. */
export const PROCESSES = ["api", "worker", "doubles", "migrate", "prober"] as const;
export type ProcessName = (typeof PROCESSES)[number];

/** A mistake in the configuration: printed without a stack trace, exit 2. */
export class ConfigError extends Error {}

const text = (fallback: string, example = fallback) => z.string().min(1).default(fallback).meta({ example });

const whole = (fallback: number, min: number, max: number) =>
  z
    .string()
    .regex(/^\d+$/, "must be a whole number")
    .transform(Number)
    .pipe(z.number().min(min).max(max))
    .prefault(String(fallback))
    .meta({ example: String(fallback) });

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

const environment = z.object({
  NODE_ENV: text("production"),
  SERVICE_VERSION: text("0.0.0", "1.4.2"),
  LOG_LEVEL: z.enum(["fatal", "error", "warn", "info", "debug", "trace"]).default("info").meta({ example: "info" }),
  /** Port of the public HTTP server; 0 lets the kernel choose. */
  HTTP_PORT: whole(8080, 0, 65_535),
  /** Port of /metrics, /livez and /readyz; 0 lets the kernel choose. */
  ADMIN_PORT: whole(9464, 0, 65_535),
  /** Seconds between "not ready" and closing, so that every load balancer has seen it. */
  DRAIN_SECONDS: whole(5, 0, 120),

  PGHOST: text("pgbouncer"),
  PGPORT: whole(6432, 1, 65_535),
  PGDATABASE: text("media"),
  /** The same database behind the read-only service. */
  PG_RO_DATABASE: text("media_ro"),
  PGUSER: text("media"),
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
  /** Only where the Sentinels themselves ask for a password. */
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
  OVERSEERR_BASE_URL: url("http://doubles:8080/overseerr", "http://overseerr:5055"),
  OVERSEERR_KEY_FILE: secretFile("overseerr-key"),
  /** Where the prober leaves what it found. */
  PUSHGATEWAY_URL: url("http://pushgateway:9091", "http://pushgateway:9091"),
  /** Bearer token that authorises as the user "dev"; without it no token does. */
  DEV_TOKEN_FILE: secretFile("dev-token"),
  /** Signs access tokens; by default a key is derived from the database's password, which all api processes share. */
  TOKEN_KEY_FILE: secretFile("token-key"),
  /** Signs the payment provider's events: one key or, while it is being changed, two, one per line. Without it none is accepted. */
  PAYMENT_WEBHOOK_KEY_FILE: secretFile("payment-webhook-key"),
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
  /** Requests one token may make in a minute. */
  RATE_LIMIT_PER_MINUTE: whole(12_000, 1, 10_000_000),

  /** Socket.IO connections that one api process takes. */
  SOCKETS_MAX: whole(5_000, 1, 1_000_000),
  /** Connections that one user may have, to all api processes together. */
  SOCKETS_PER_USER: whole(20, 1, 1_000_000),
  /** Seconds between two looks whether a connection is still to be counted and its session open, and between two notes of its place. */
  SOCKET_UPKEEP_SECONDS: whole(30, 1, 900),

  /** OTLP over HTTP, without the /v1/traces; unset: no trace is exported. */
  OTEL_EXPORTER_OTLP_ENDPOINT: z
    .url({ protocol: /^https?$/ })
    .optional()
    .meta({ example: "http://collector:4318" }),
  /** Share of new traces that is recorded; a trace begun elsewhere keeps its caller's decision. */
  TRACE_SAMPLE_RATIO: z.coerce.number().min(0).max(1).default(1).meta({ example: "0.1" }),
});

type Environment = z.infer<typeof environment>;
/** Every variable that is read; any other is misspelt. */
export const VARIABLES = Object.keys(environment.shape);
type SecretKey = Extract<keyof Environment, `${string}_FILE`>;

interface SecretUse {
  /** Processes that cannot do without it. */
  neededBy: readonly ProcessName[];
  /** Processes that read it if it is given. */
  readBy: readonly ProcessName[];
  /** What it must look like; the message never repeats what it does look like. */
  form?: { fits(secret: string): boolean; message: string };
}

const WEBHOOK_KEYS = {
  fits: (secret: string) => /^\S{16,}(\s+\S{16,})?$/.test(secret),
  message: "must hold one key or two, each of 16 characters or more",
};
const ADMIN = {
  // What signing in would refuse could never be used.
  fits: (secret: string) => {
    const [, email] = /^([^:]+):.{10,200}$/.exec(secret) ?? [];
    return z.email().max(254).safeParse(email).success;
  },
  message: "must hold address:password, with 10 characters or more",
};

/** Which process reads which secret, and what it must look like. */
const SECRETS: Record<SecretKey, SecretUse> = {
  PGPASSWORD_FILE: { neededBy: ["api", "worker", "migrate"], readBy: [] },
  REDIS_CACHE_PASSWORD_FILE: { neededBy: [], readBy: ["api", "worker"] },
  REDIS_STATE_PASSWORD_FILE: { neededBy: [], readBy: ["api", "worker"] },
  REDIS_SENTINEL_PASSWORD_FILE: { neededBy: [], readBy: ["api", "worker"] },
  TMDB_TOKEN_FILE: { neededBy: ["api"], readBy: ["doubles", "prober"] },
  DEV_TOKEN_FILE: { neededBy: [], readBy: ["api"] },
  PLEX_TOKEN_FILE: { neededBy: [], readBy: ["api", "prober"] },
  YOUTUBE_KEY_FILE: { neededBy: [], readBy: ["api", "prober"] },
  OVERSEERR_KEY_FILE: { neededBy: [], readBy: ["api", "worker", "prober"] },
  TOKEN_KEY_FILE: { neededBy: [], readBy: ["api"] },
  PAYMENT_WEBHOOK_KEY_FILE: { neededBy: [], readBy: ["api"], form: WEBHOOK_KEYS },
  FIRST_ADMIN_FILE: { neededBy: [], readBy: ["api", "migrate"], form: ADMIN },
};

export interface Config extends Omit<Environment, SecretKey> {
  process: ProcessName;
  /** Contents of the secret files, by the key that named the file. */
  secrets: Partial<Record<SecretKey, string>>;
}

/** Reads and checks everything once; throws one ConfigError that lists every problem. */
export function loadConfig(process: ProcessName, env: Record<string, string | undefined>): Config {
  const parsed = environment.safeParse(withoutEmpty(env));
  const problems = parsed.success
    ? []
    : parsed.error.issues.map((issue) => describe(String(issue.path[0]), issue.message));
  const secrets: Config["secrets"] = {};
  for (const [key, { neededBy, readBy }] of Object.entries(SECRETS) as [SecretKey, (typeof SECRETS)[SecretKey]][]) {
    const needed = neededBy.includes(process);
    const file = env[key];
    if (file && (needed || readBy.includes(process))) readSecret(key, file, secrets, problems);
    else if (needed) problems.push(describe(key, `is missing, and ${process} needs it`));
  }
  if (problems.length > 0 || !parsed.success) {
    throw new ConfigError(`The environment of the process "${process}" is not usable:\n${problems.join("\n")}`);
  }
  return Object.freeze({ ...parsed.data, process, secrets });
}

/** Kubernetes and shells hand over an unset variable as an empty one. */
function withoutEmpty(env: Record<string, string | undefined>): Record<string, string> {
  return Object.fromEntries(Object.entries(env).filter((entry): entry is [string, string] => Boolean(entry[1])));
}

function readSecret(key: SecretKey, file: string, into: Config["secrets"], problems: string[]): void {
  try {
    const secret = readFileSync(file, "utf8").trim();
    const { form } = SECRETS[key];
    if (secret === "") problems.push(describe(key, `names ${file}, which is empty`));
    else if (form && !form.fits(secret)) problems.push(describe(key, `names ${file}, which ${form.message}`));
    else into[key] = secret;
  } catch (error) {
    problems.push(describe(key, `names ${file}, which cannot be read (${(error as NodeJS.ErrnoException).code})`));
  }
}

function describe(key: string, problem: string): string {
  const example = environment.shape[key as keyof Environment]?.meta()?.example;
  return `  ${key}: ${problem}${example === undefined ? "" : `; for example ${key}=${String(example)}`}`;
}
