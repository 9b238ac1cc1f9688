import type { BackupsConfig } from "../config/schema.ts";
import type { Context, Outputs } from "../lib/context.ts";
import { loginOf } from "../lib/secrets.ts";
import { Workload } from "../lib/workload.ts";
import { pgbouncerPlan } from "./pgbouncer/pgbouncer.plan.ts";
import { postgresPlan } from "./postgres/postgres.plan.ts";
import { redisCachePlan } from "./redis/cache.plan.ts";
import { redisSentinelPlan, redisStatePlan } from "./redis/state.plan.ts";

/** What remembers: PostgreSQL with its pooler and its way to the backup store, and both Redis. */
export function buildData(ctx: Context): Outputs {
  const { tier, stack } = ctx;
  const login = loginOf("media", ctx.password("database"));
  const pooler = ctx.password("postgres-pooler");
  const passwords = {
    patroni: ctx.password("patroni"),
    pooler,
    replication: ctx.password("postgres-replication"),
    superuser: ctx.password("postgres"),
  };
  // The schema demands backups of a stack with this layer.
  const backups = ctx.config.backups as BackupsConfig;
  const postgres = new Workload(postgresPlan({ stack, tier, backups, login, passwords }), ctx);
  new Workload(pgbouncerPlan({ tier, login, poolerPassword: pooler }), ctx, { dependsOn: postgres });
  new Workload(redisCachePlan({ tier, password: ctx.password("redis-cache") }), ctx);

  const state = { tier, password: ctx.password("redis-state") };
  new Workload(redisStatePlan(state), ctx);
  new Workload(redisSentinelPlan(state), ctx);
  return {};
}
