import * as pulumi from "@pulumi/pulumi";
import type { Config } from "../config/schema.ts";
import type { Tier } from "../config/tiers.ts";
import { type UpstreamName, upstreamNames } from "../config/upstreams.ts";
import type { DataLayer } from "../data/index.ts";
import { serverNames } from "../lib/certificates.ts";
import type { Context, Outputs } from "../lib/context.ts";
import { Workload } from "../lib/workload.ts";
import type { ObservabilityLayer } from "../observability/index.ts";
import { gatewayPlan } from "./gateway/gateway.plan.ts";
import { serviceImage } from "./image.ts";
import { apiPlan, doublesPlan, proberPlan, type ServiceArgs, workerPlan } from "./service.plan.ts";
import { credentialOf } from "./uses.plan.ts";

export interface AppArgs {
  sizes: Pick<Tier, "api" | "doubles" | "gateway" | "worker">;
  app: Config["app"];
  data: DataLayer;
  /** @default none: nothing is traced, and no prober runs */
  observability?: ObservabilityLayer | undefined;
}

export interface AppLayer {
  outputs: Outputs;
}

/** What users reach: the gateway, the service's processes and, where configured, the doubles of the upstreams. */
export function buildApp(ctx: Context, args: AppArgs): AppLayer {
  const { app, data } = args;
  const secrets = serviceSecrets(ctx, args);
  const service: ServiceArgs = { ...args, image: serviceImage(ctx.config.images), secrets };

  const doubles = app.doubles ? [new Workload(doublesPlan(service), ctx)] : [];
  // Processes that find no database give up and back off: started after it, they are ready sooner.
  const { primary } = data.pgbouncer;
  const servers = [primary, data.redisCache, data.redisState.members, data.redisState.sentinels];
  const api = new Workload(apiPlan(service), ctx, {
    dependsOn: [...servers.flatMap((server) => server.dependsOn), ...doubles],
  });
  // The api brings the schema up to date.
  new Workload(workerPlan(service), ctx, { dependsOn: api });
  // The prober leaves its results at Pushgateway.
  if (args.observability) new Workload(proberPlan(service), ctx);

  const gateway = createGateway(ctx, args, api);
  const sink = doubles[0] ? { sinkUrl: doubles[0].url("sink") } : {};
  return { outputs: { gatewayUrl: gateway.url("gateway"), ...sink, credentials: credentials(args, secrets) } };
}

function createGateway(ctx: Context, { sizes, app }: AppArgs, api: Workload): Workload {
  const { certPem, keyPem } = ctx.authority.issue(
    "gateway",
    serverNames("gateway", ctx.namespace, ctx.config.access.host),
  );
  const certificate = pulumi.interpolate`${certPem}${ctx.authority.caPem}`;
  const plan = gatewayPlan({ sizes: sizes.gateway, app, certificate, key: keyPem });
  // nginx looks its upstream's name up once, when it starts.
  return new Workload(plan, ctx, { dependsOn: api });
}

/** The service's secret files, by file name. */
function serviceSecrets(ctx: Context, { app, data }: AppArgs): Record<string, pulumi.Input<string>> {
  return {
    "database-password": data.pgbouncer.primary.password,
    "redis-cache-password": data.redisCache.password,
    "redis-state-password": data.redisState.members.password,
    "token-key": ctx.password("token-key"),
    ...(app.doubles ? { "alert-webhook-token": ctx.password("alert-webhook") } : {}),
    ...Object.fromEntries(upstreamNames.map((name) => [credentialOf(name), upstreamCredential(name, app, ctx)])),
    "payment-webhook-key": app.paymentWebhookKey
      ? pulumi.secret(app.paymentWebhookKey)
      : ctx.password("payment-webhook-key"),
    ...(app.firstAdmin ? { "first-admin": pulumi.interpolate`${app.firstAdmin}:${ctx.password("first-admin")}` } : {}),
    ...(app.devToken ? { "dev-token": ctx.password("dev-token") } : {}),
  };
}

/** As configured; a double takes any, so that one is generated for it. */
function upstreamCredential(name: UpstreamName, app: Config["app"], ctx: Context): pulumi.Output<string> {
  const { credential } = app.upstreams[name];
  return credential ? pulumi.secret(credential) : ctx.password(credentialOf(name));
}

/** Generated credentials that people and tests need, as one secret output. */
function credentials(
  { data, observability }: AppArgs,
  secrets: Record<string, pulumi.Input<string>>,
): pulumi.Output<unknown> {
  return pulumi.secret({
    devToken: secrets["dev-token"] ?? null,
    firstAdmin: secrets["first-admin"] ?? null,
    paymentWebhookKey: secrets["payment-webhook-key"],
    databasePassword: data.pgbouncer.primary.password,
    postgresPassword: data.postgres.superuserPassword,
    redisCachePassword: data.redisCache.password,
    redisStatePassword: data.redisState.members.password,
    ...(observability?.grafanaPassword ? { grafanaPassword: observability.grafanaPassword } : {}),
  });
}
