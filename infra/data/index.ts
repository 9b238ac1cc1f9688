import * as pulumi from "@pulumi/pulumi";
import type { BackupsConfig } from "../config/schema.ts";
import type { Tier } from "../config/tiers.ts";
import type { Context, Outputs } from "../lib/context.ts";
import { loginOf } from "../lib/secrets.ts";
import { Workload } from "../lib/workload.ts";
import { type DataHandles, dataHandles, OWNER } from "./handles.ts";
import { pgbouncerPlan } from "./pgbouncer/pgbouncer.plan.ts";
import type { Stores } from "./postgres/pgbackrest.plan.ts";
import { postgresPlan } from "./postgres/postgres.plan.ts";
import { redisCachePlan } from "./redis/cache.plan.ts";
import { redisSentinelPlan, redisStatePlan } from "./redis/state.plan.ts";

export interface DataArgs {
  sizes: Pick<Tier, "backup" | "pgbouncer" | "postgres" | "redisCache" | "redisState">;
  backups: BackupsConfig;
}

export interface DataLayer extends DataHandles {
  /** The backup stores, with the key by which the backups are encrypted. */
  stores: Stores;
  outputs: Outputs;
}

/** What keeps state: PostgreSQL with its pooler and its access to the backup store, and both Redis. */
export function buildData(ctx: Context, { sizes, backups }: DataArgs): DataLayer {
  const login = loginOf(OWNER, ctx.password("database"));
  const pooler = ctx.password("postgres-pooler");
  const passwords = {
    patroni: ctx.password("patroni"),
    pooler,
    redisCache: ctx.password("redis-cache"),
    redisState: ctx.password("redis-state"),
    replication: ctx.password("postgres-replication"),
    responder: ctx.password("postgres-responder"),
    superuser: ctx.password("postgres"),
  };
  const { stack } = ctx;
  const generated = backups.encrypted && !backups.cipherPass ? ctx.password("backups") : undefined;
  const stores = { ...backups, cipherPass: backups.cipherPass ?? generated };
  const postgres = new Workload(
    postgresPlan({ stack, sizes: sizes.postgres, backup: sizes.backup, backups: stores, login, passwords }),
    ctx,
  );
  const pgbouncer = new Workload(pgbouncerPlan({ sizes: sizes.pgbouncer, login, poolerPassword: pooler }), ctx, {
    dependsOn: postgres,
  });
  const redisCache = new Workload(
    redisCachePlan({ sizes: sizes.redisCache, passwords: ctx.generated("redis-cache").accepted }),
    ctx,
  );
  const state = { sizes: sizes.redisState, passwords: ctx.generated("redis-state").accepted };
  const redisState = new Workload(redisStatePlan(state), ctx);
  const redisSentinel = new Workload(redisSentinelPlan(state), ctx);
  const handles = dataHandles({
    login,
    passwords,
    workloads: {
      pgbouncer: [pgbouncer],
      postgres: [postgres],
      redisCache: [redisCache],
      redisSentinel: [redisSentinel],
      redisState: [redisState],
    },
  });
  return { ...handles, stores, outputs: outputsOf(backups, generated) };
}

/** What tools outside the cluster need of the store: the pair that cannot delete, and not the key of the backups. */
function outputsOf(
  { endpoint, bucket, region, caPem, accessKey, secretKey }: BackupsConfig,
  generatedBackupKey: pulumi.Input<string> | undefined,
): Outputs {
  return {
    backupStore: pulumi.secret({ endpoint, bucket, region, accessKey, secretKey, ...(caPem && { caPem }) }),
    ...(generatedBackupKey && { generatedBackupKey: pulumi.secret(generatedBackupKey) }),
  };
}
