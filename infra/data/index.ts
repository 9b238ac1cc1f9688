import type { BackupsConfig } from "../config/schema.ts";
import type { Context, Outputs } from "../lib/context.ts";
import { Workload } from "../lib/workload.ts";
import { pgbouncerPlan } from "./pgbouncer/pgbouncer.plan.ts";
import { postgresPlan } from "./postgres/postgres.plan.ts";
import { redisCachePlan } from "./redis/cache.plan.ts";
import { redisSentinelPlan, redisStatePlan } from "./redis/state.plan.ts";

/** What remembers: PostgreSQL with its pooler and its way to the backup store, and both Redis. */
export function buildData(ctx: Context): Outputs {
  const { tier, stack } = ctx;
  const applicationPassword = ctx.password("database");
  const passwords = {
    application: applicationPassword,
    exporter: ctx.password("postgres-exporter"),
    patroni: ctx.password("patroni"),
    replication: ctx.password("postgres-replication"),
    superuser: ctx.password("postgres"),
  };
  // The schema demands backups of a stack with this layer.
  const backups = ctx.config.backups as BackupsConfig;
  const postgres = new Workload(postgresPlan({ stack, tier, backups, passwords }), ctx);
  new Workload(pgbouncerPlan({ tier, applicationPassword }), ctx, { dependsOn: postgres });
  new Workload(redisCachePlan({ tier, password: ctx.password("redis-cache") }), ctx);

  const state = { tier, password: ctx.password("redis-state") };
  new Workload(redisStatePlan(state), ctx);
  new Workload(redisSentinelPlan(state), ctx);
  return {};
}
