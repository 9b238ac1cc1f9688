import * as pulumi from "@pulumi/pulumi";
import { type OutsideService, outsideNames } from "../config/outside.ts";
import { serverNames } from "../lib/certificates.ts";
import type { Context, Outputs } from "../lib/context.ts";
import { loginOf } from "../lib/secrets.ts";
import { Workload } from "../lib/workload.ts";
import { gatewayPlan } from "./gateway/gateway.plan.ts";
import { serviceImage } from "./image.ts";
import { apiPlan, doublesPlan, proberPlan, type ServiceArgs, workerPlan } from "./service.plan.ts";
import { credentialOf } from "./uses.plan.ts";

/** What people use: the gateway, the service's processes and, where configured, the doubles of outside services. */
export function buildApp(ctx: Context): Outputs {
  const { tier, config } = ctx;
  const secrets = serviceSecrets(ctx);
  const image = serviceImage(config.images);
  const { user: databaseUser } = loginOf("media", ctx.password("database"));
  const traced = ctx.hasLayer("observability");
  const args: ServiceArgs = { tier, app: config.app, image, databaseUser, secrets, traced };

  const doubles = config.app.doubles ? [new Workload(doublesPlan(args), ctx)] : [];
  // Processes that find no database give up and back off: started after it, they are ready sooner.
  const needs = [...ctx.ready("pgbouncer", "redis-cache", "redis-state", "redis-state-sentinel"), ...doubles];
  const api = new Workload(apiPlan(args), ctx, { dependsOn: needs });
  // The api brings the schema up to date.
  new Workload(workerPlan(args), ctx, { dependsOn: api });
  // It has somebody to tell only where there is a Pushgateway.
  if (ctx.hasLayer("observability")) new Workload(proberPlan(args), ctx);

  const gateway = createGateway(ctx, api);
  return { gatewayUrl: gateway.url("gateway"), credentials: credentials(ctx, secrets) };
}

function createGateway(ctx: Context, api: Workload): Workload {
  const { certPem, keyPem } = ctx.authority.issue(
    "gateway",
    serverNames("gateway", ctx.namespace, ctx.config.access.host),
  );
  const certificate = pulumi.interpolate`${certPem}${ctx.authority.caPem}`;
  const plan = gatewayPlan({ tier: ctx.tier, app: ctx.config.app, certificate, key: keyPem });
  // nginx looks its upstream's name up once, when it starts.
  return new Workload(plan, ctx, { dependsOn: api });
}

/** The service's secret files, by file name. */
function serviceSecrets(ctx: Context): Record<string, pulumi.Input<string>> {
  const { app } = ctx.config;
  return {
    "database-password": ctx.password("database"),
    "redis-cache-password": ctx.password("redis-cache"),
    "redis-state-password": ctx.password("redis-state"),
    "token-key": ctx.password("token-key"),
    ...Object.fromEntries(outsideNames.map((name) => [credentialOf(name), outsideCredential(name, ctx)])),
    "payment-webhook-key": app.paymentWebhookKey
      ? pulumi.secret(app.paymentWebhookKey)
      : ctx.password("payment-webhook-key"),
    ...(app.firstAdmin ? { "first-admin": pulumi.interpolate`${app.firstAdmin}:${ctx.password("first-admin")}` } : {}),
    ...(app.devToken ? { "dev-token": ctx.password("dev-token") } : {}),
  };
}

/** As configured; a double takes any, so that one is generated for it. */
function outsideCredential(name: OutsideService, ctx: Context): pulumi.Output<string> {
  const { credential } = ctx.config.app.outside[name];
  return credential ? pulumi.secret(credential) : ctx.password(credentialOf(name));
}

/** Generated credentials that people and tests need, as one secret output. */
function credentials(ctx: Context, secrets: Record<string, pulumi.Input<string>>): pulumi.Output<unknown> {
  return pulumi.secret({
    devToken: secrets["dev-token"] ?? null,
    firstAdmin: secrets["first-admin"] ?? null,
    paymentWebhookKey: secrets["payment-webhook-key"],
    databasePassword: ctx.password("database"),
    postgresPassword: ctx.password("postgres"),
    redisCachePassword: ctx.password("redis-cache"),
    redisStatePassword: ctx.password("redis-state"),
  });
}
