import type { Input } from "@pulumi/pulumi";
import { type Endpoint, endpointOf } from "../lib/handles.ts";

/** The one database of a stack, and the role that owns it: the application's logins are its members. postgres/roles.sql makes both. */
export const DATABASE = "media";
export const OWNER = "media";
/** The responder's role: postgres/roles.sql makes it. */
export const RESPONDER = "responder";
/** The names under which PgBouncer offers it: at the primary, and read-only at its replicas. */
export const POOLED = { primary: DATABASE, replicas: `${DATABASE}_ro` } as const;
/** The name under which Sentinel knows the members of the state Redis. */
export const STATE_GROUP = "state";

/** A database to connect to. */
export interface Database extends Endpoint {
  database: string;
  user: Input<string>;
  password: Input<string>;
}

export interface RedisServer extends Endpoint {
  password: Input<string>;
}

/** What the data layer hands to the layers after it. */
export interface DataHandles {
  /** Transaction pooling: a session lasts for one transaction. */
  pgbouncer: { primary: Database; replicas: Database };
  /** The primary without the pooler, for what needs a session of its own. */
  postgres: {
    primary: Database;
    superuserPassword: Input<string>;
    /** The same, for the role that sees what sessions do and may end it, and that owns nothing. */
    operations: Database;
  };
  redisCache: RedisServer;
  redisState: {
    /** Name of the group at the Sentinels. */
    group: string;
    sentinels: Endpoint;
    members: RedisServer;
  };
}

type Resources = Endpoint["dependsOn"];

export interface DataHandlesArgs {
  /** The application's login. */
  login: Record<"user" | "password", Input<string>>;
  passwords: Record<"superuser" | "redisCache" | "redisState" | "responder", Input<string>>;
  /** The workloads, for callers that wait for them. @default none, as in tests of plans */
  workloads?: Record<"pgbouncer" | "postgres" | "redisCache" | "redisSentinel" | "redisState", Resources>;
}

export function dataHandles({ login, passwords, workloads }: DataHandlesArgs): DataHandles {
  const access = { user: login.user, password: login.password };
  const pooler = { ...endpointOf("pgbouncer", "pgbouncer:pgbouncer", workloads?.pgbouncer), ...access };
  const primary = endpointOf("postgres", "postgres:postgresql", workloads?.postgres);
  return {
    pgbouncer: {
      primary: { ...pooler, database: POOLED.primary },
      replicas: { ...pooler, database: POOLED.replicas },
    },
    postgres: {
      primary: { ...primary, ...access, database: DATABASE },
      superuserPassword: passwords.superuser,
      operations: { ...primary, user: RESPONDER, password: passwords.responder, database: DATABASE },
    },
    redisCache: {
      ...endpointOf("redis-cache", "redis-cache:redis", workloads?.redisCache),
      password: passwords.redisCache,
    },
    redisState: {
      group: STATE_GROUP,
      sentinels: endpointOf("redis-state-sentinel", "redis-state-sentinel:sentinel", workloads?.redisSentinel),
      members: {
        ...endpointOf("redis-state", "redis-state:redis", workloads?.redisState),
        password: passwords.redisState,
      },
    },
  };
}
