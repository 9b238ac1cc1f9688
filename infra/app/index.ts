import * as pulumi from "@pulumi/pulumi";
import type { Config } from "../config/schema.ts";
import type { Tier } from "../config/tiers.ts";
import { type UpstreamName, upstreamNames } from "../config/upstreams.ts";
import type { DataLayer } from "../data/index.ts";
import { serverNames } from "../lib/certificates.ts";
import type { Context, Outputs } from "../lib/context.ts";
import { createObject } from "../lib/objects.ts";
import { OPS } from "../lib/ops.ts";
import { lines } from "../lib/secrets.ts";
import { Workload } from "../lib/workload.ts";
import type { ObservabilityLayer } from "../observability/index.ts";
import { pagerDutyKeyOf } from "../observability/receivers.plan.ts";
import { certificateManifest } from "./gateway/certificate.plan.ts";
import { type GatewayTls, gatewayPlan } from "./gateway/gateway.plan.ts";
import { builtImage } from "./image.ts";
import { responderPlan } from "./responder.plan.ts";
import { apiPlan, doublesPlan, proberPlan, type ServiceArgs, workerPlan } from "./service.plan.ts";
import { credentialOf } from "./uses.plan.ts";
import { webPlan } from "./web.plan.ts";

export interface AppArgs {
  sizes: Pick<Tier, "api" | "doubles" | "gateway" | "prometheus" | "responder" | "web" | "worker">;
  app: Config["app"];
  autoscaling: Config["autoscaling"];
  data: DataLayer;
  /** @default none: nothing is traced, and no prober runs */
  observability?: ObservabilityLayer | undefined;
  alerts: Config["alerts"];
  auth: Config["auth"];
}

export interface AppLayer {
  outputs: Outputs;
}

/** What users reach: the gateway, the front end, the service's processes and, where configured, the doubles of the upstreams. */
export function buildApp(ctx: Context, args: AppArgs): AppLayer {
  const { app, data } = args;
  const secrets = serviceSecrets(ctx, args);
  const service: ServiceArgs = {
    ...args,
    opsPages: args.observability?.pages,
    image: builtImage("service", ctx.config.images),
    secrets,
  };

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
  // Without what it looks at and what tells it of alerts, there is nothing that it could do.
  const responder = args.observability ? [new Workload(responderPlan(service), ctx, { dependsOn: api })] : [];

  // Its pages are usable without the api, so that it does not wait for it.
  const image = builtImage("web", ctx.config.images);
  const web = new Workload(webPlan({ ...args, sizes: args.sizes.web, image }), ctx);
  const gateway = createGateway(ctx, args, [api, web, ...responder]);
  const sink = doubles[0] ? { sinkUrl: doubles[0].url("sink") } : {};
  const { secretName, issuer } = ctx.config.gateway.certificate;
  // Of a certificate that others sign, clients know the authority already.
  const trust = secretName || issuer ? { caPem: "" } : {};
  const gatewayUrl = gateway.url("gateway");
  const pages = args.observability?.pages;
  const opsUrl = pulumi.interpolate`${gatewayUrl}${OPS}`;
  const ops = {
    ...(pages ? { opsUrl } : {}),
    ...(pages?.includes("grafana") ? { grafanaUrl: pulumi.interpolate`${opsUrl}/grafana` } : {}),
  };
  return { outputs: { gatewayUrl, ...ops, ...trust, ...sink, credentials: credentials(ctx, args, secrets) } };
}

function createGateway(
  ctx: Context,
  { sizes, app, autoscaling, observability }: AppArgs,
  behind: Workload[],
): Workload {
  const { bandwidth, proxyProtocolFrom } = ctx.config.gateway;
  const ops = observability?.pages;
  const tls = gatewayTls(ctx);
  const plan = gatewayPlan({ sizes: sizes.gateway, app, autoscaling, ops, proxyProtocolFrom, bandwidth, tls });
  // nginx looks its upstreams' names up once, when it starts.
  return new Workload(plan, ctx, { dependsOn: behind });
}

/** From the Secret that the configuration names, from cert-manager, or from the stack's own authority. */
function gatewayTls(ctx: Context): GatewayTls {
  const { hostname, certificate } = ctx.config.gateway;
  if (certificate.secretName) return { secretName: certificate.secretName };
  if (certificate.issuer && hostname) {
    const manifest = certificateManifest(ctx, hostname, certificate.issuer);
    createObject("gateway-certificate", manifest, {
      provider: ctx.provider,
      dependsOn: ctx.namespaceResources(ctx.namespace),
    });
    return { secretName: manifest.spec.secretName };
  }
  const names = ["gateway", "gateway-inside"].flatMap((name) =>
    serverNames(name, ctx.namespace, ctx.config.access.host),
  );
  const { certPem, keyPem } = ctx.authority.issue("gateway", [...new Set([...names, ...(hostname ? [hostname] : [])])]);
  return { certificate: pulumi.interpolate`${certPem}${ctx.authority.issuerPem}`, key: keyPem };
}

/** The service's secret files, by file name. */
function serviceSecrets(ctx: Context, { app, data, alerts, auth }: AppArgs): Record<string, pulumi.Input<string>> {
  return {
    "database-password": data.pgbouncer.primary.password,
    "redis-cache-password": data.redisCache.password,
    "redis-state-password": data.redisState.members.password,
    "token-key": lines(ctx.generated("token-key").accepted),
    "operations-password": data.postgres.operations.password,
    "responder-webhook-token": lines(ctx.generated("responder-webhook").accepted),
    ...(app.doubles ? { "alert-webhook-token": lines(ctx.generated("alert-webhook").accepted) } : {}),
    ...acknowledgementSecrets(alerts),
    ...Object.fromEntries(upstreamNames.map((name) => [credentialOf(name), upstreamCredential(name, app, ctx)])),
    "payment-webhook-key": app.paymentWebhookKey
      ? pulumi.secret(app.paymentWebhookKey)
      : lines(ctx.generated("payment-webhook-key").accepted),
    ...(app.firstAdmin ? { "first-admin": pulumi.interpolate`${app.firstAdmin}:${ctx.password("first-admin")}` } : {}),
    ...(auth.oidc ? { "oidc-client-secret": pulumi.secret(auth.oidc.clientSecret) } : {}),
    ...(app.devToken ? { "dev-token": lines(ctx.generated("dev-token").accepted) } : {}),
  };
}

/** By which PagerDuty and Slack are told and believed; what is not configured is refused. */
function acknowledgementSecrets(alerts: Config["alerts"]): Record<string, pulumi.Input<string>> {
  const { webhookSecret } = alerts.pagerduty;
  const { signingSecret } = alerts.slack;
  return {
    "pagerduty-key": pulumi.secret(pagerDutyKeyOf(alerts)),
    ...(webhookSecret ? { "pagerduty-webhook-secret": pulumi.secret(webhookSecret) } : {}),
    ...(signingSecret ? { "slack-signing-secret": pulumi.secret(signingSecret) } : {}),
  };
}

/** As configured; a double takes any, so that one is generated for it. */
function upstreamCredential(name: UpstreamName, app: Config["app"], ctx: Context): pulumi.Output<string> {
  const { credential } = app.upstreams[name];
  return credential ? pulumi.secret(credential) : ctx.password(credentialOf(name));
}

/** Generated credentials that people and tests need, as one secret output. */
function credentials(
  ctx: Context,
  { app, data, observability }: AppArgs,
  secrets: Record<string, pulumi.Input<string>>,
): pulumi.Output<unknown> {
  return pulumi.secret({
    devToken: app.devToken ? ctx.password("dev-token") : null,
    firstAdmin: secrets["first-admin"] ?? null,
    paymentWebhookKey: app.paymentWebhookKey ?? ctx.password("payment-webhook-key"),
    databasePassword: data.pgbouncer.primary.password,
    postgresPassword: data.postgres.superuserPassword,
    redisCachePassword: data.redisCache.password,
    redisStatePassword: data.redisState.members.password,
    ...(observability?.grafanaPassword ? { grafanaPassword: observability.grafanaPassword } : {}),
  });
}
