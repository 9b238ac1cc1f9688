import type * as pulumi from "@pulumi/pulumi";
import type { Config } from "../config/schema.ts";
import type { Tier } from "../config/tiers.ts";
import { address, type Link, portOf } from "../lib/endpoints.ts";
import type { WorkloadSpec } from "../lib/workload.spec.ts";
import type { ServiceImage } from "./image.ts";

export interface ServiceArgs {
  tier: Tier;
  app: Config["app"];
  image: ServiceImage;
  /** Contents of the files under SECRETS, by file name. */
  secrets: Record<string, pulumi.Input<string>>;
  /** Whether the stack has a collector to send traces to. */
  traced: boolean;
}

/** One image, several processes. */
export type Process = "api" | "worker" | "doubles";

const SECRETS = "/run/secrets/media";
const DRAIN_SECONDS = 5;

export function apiPlan(args: ServiceArgs): WorkloadSpec {
  const { replicas, memoryMi } = args.tier.api;
  return {
    ...processPlan("api", args, replicas, memoryMi),
    env: { ...dataEnv(args), MIGRATE_PGHOST: "postgres" },
    connectsTo: apiLinks(args),
    secrets: { media: { path: SECRETS, data: args.secrets } },
  };
}

export function workerPlan(args: ServiceArgs): WorkloadSpec {
  const { replicas, memoryMi } = args.tier.worker;
  return {
    ...processPlan("worker", args, replicas, memoryMi),
    env: dataEnv(args),
    connectsTo: workerLinks(args),
    secrets: { media: { path: SECRETS, data: args.secrets } },
  };
}

/** Our stand-ins for the outside services. */
export function doublesPlan(args: ServiceArgs): WorkloadSpec {
  const { replicas, memoryMi } = args.tier.doubles;
  return {
    ...processPlan("doubles", args, replicas, memoryMi),
    env: baseEnv(args),
    connectsTo: traceLinks(args),
  };
}

/** What all processes of the service have in common. */
function processPlan(process: Process, args: ServiceArgs, replicas: number, memoryMi: number): WorkloadSpec {
  return {
    name: process,
    component: "app",
    image: args.image,
    command: ["node", "service/src/main.ts", process],
    workingDir: "/app",
    replicas,
    metrics: { port: "admin" },
    probes: {
      startup: { path: "/livez", port: "admin" },
      readiness: { path: "/readyz", port: "admin", periodSeconds: 3 },
      liveness: { path: "/livez", port: "admin", periodSeconds: 10, timeoutSeconds: 5 },
    },
    // The process itself waits after its readiness has gone, before it closes.
    drain: { preStopSeconds: 0, graceSeconds: DRAIN_SECONDS + 25 },
    resources: { cpuMilli: 25, memoryMi },
  };
}

function baseEnv({ app, image, traced }: ServiceArgs) {
  return {
    ADMIN_PORT: String(portOf("api", "admin")),
    DRAIN_SECONDS: String(DRAIN_SECONDS),
    HTTP_PORT: String(portOf("api", "http")),
    LOG_LEVEL: app.logLevel,
    NODE_ENV: "production",
    SERVICE_VERSION: image.version,
    TRACE_SAMPLE_RATIO: String(app.traceSampleRatio),
    ...(traced ? { OTEL_EXPORTER_OTLP_ENDPOINT: `http://${address("collector:otlp-http")}` } : {}),
  };
}

function dataEnv(args: ServiceArgs) {
  const hasDevToken = "dev-token" in args.secrets;
  return {
    ...baseEnv(args),
    PGDATABASE: "media",
    PGHOST: "pgbouncer",
    PGPASSWORD_FILE: `${SECRETS}/database-password`,
    PGPORT: String(portOf("pgbouncer", "pgbouncer")),
    PGUSER: "media",
    PG_RO_DATABASE: "media_ro",
    REDIS_CACHE_PASSWORD_FILE: `${SECRETS}/redis-cache-password`,
    REDIS_CACHE_URL: `redis://${address("redis-cache:redis")}`,
    REDIS_STATE_NAME: "state",
    REDIS_STATE_PASSWORD_FILE: `${SECRETS}/redis-state-password`,
    REDIS_STATE_SENTINELS: address("redis-state-sentinel:sentinel"),
    TMDB_BASE_URL: args.app.tmdbBaseUrl,
    TMDB_TOKEN_FILE: `${SECRETS}/tmdb-token`,
    ...(hasDevToken ? { DEV_TOKEN_FILE: `${SECRETS}/dev-token` } : {}),
  };
}

function apiLinks(args: ServiceArgs): Link[] {
  // Migrations need a session of their own, which the pooler does not give.
  return [...workerLinks(args), "postgres:postgresql"];
}

/** The worker asks Overseerr, clears the cache, and tells of changes through the state Redis. */
function workerLinks(args: ServiceArgs): Link[] {
  const outside: Link = args.app.doubles ? "doubles:http" : "internet";
  const redis: Link[] = ["redis-cache:redis", "redis-state:redis", "redis-state-sentinel:sentinel"];
  return ["pgbouncer:pgbouncer", ...redis, outside, ...traceLinks(args)];
}

function traceLinks({ traced }: ServiceArgs): Link[] {
  return traced ? ["collector:otlp-http"] : [];
}
