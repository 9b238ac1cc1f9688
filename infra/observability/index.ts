import type { Output } from "@pulumi/pulumi";
import type { Config } from "../config/schema.ts";
import type { Tier } from "../config/tiers.ts";
import type { Context, Outputs } from "../lib/context.ts";
import type { Endpoint } from "../lib/handles.ts";
import { OPS, type OpsPage } from "../lib/ops.ts";
import { Workload } from "../lib/workload.ts";
import { alertmanagerLinks, alertmanagerPlan } from "./alertmanager.plan.ts";
import { collectorPlan } from "./collector.plan.ts";
import { grafanaPlan } from "./grafana.plan.ts";
import { jaegerPlan } from "./jaeger.plan.ts";
import { logAgentPlan } from "./log-agent.plan.ts";
import { lokiPlan } from "./loki.plan.ts";
import { prometheusPlan } from "./prometheus.plan.ts";
import { pushgatewayPlan } from "./pushgateway.plan.ts";
import { receiversOf, secretsOf } from "./receivers.plan.ts";

export interface ObservabilityArgs {
  sizes: Pick<Tier, "alertmanager" | "collector" | "grafana" | "jaeger" | "loki" | "prometheus" | "pushgateway">;
  alerts: Config["alerts"];
  grafana: Config["grafana"];
  /** Whether the stack has a responder and a gateway, which are of the app layer. */
  responder: boolean;
}

/** Where the other layers send what they have to tell. */
export interface ObservabilityLayer {
  outputs: Outputs;
  /** Traces, as OTLP over HTTP. */
  collector: Endpoint;
  /** Metrics of processes that end before they could be scraped. */
  pushgateway: Endpoint;
  /** Programs with pages for people, behind the gateway's sign-in. */
  pages: OpsPage[];
  /** Of Grafana's local administrator, where it runs. */
  grafanaPassword?: Output<string>;
}

/** Metrics, logs and traces of the stack. Each part is one workload without resources besides it, so a plan says it all. */
export function buildObservability(ctx: Context, args: ObservabilityArgs): ObservabilityLayer {
  const { sizes } = args;
  const prometheus = new Workload(prometheusPlan(ctx.stack, sizes.prometheus, pagesUrl(ctx, args)), ctx);
  const pushgateway = new Workload(pushgatewayPlan(sizes.pushgateway), ctx);
  const loki = new Workload(lokiPlan(sizes.loki), ctx);
  const jaeger = new Workload(jaegerPlan(sizes.jaeger), ctx);
  const alertmanager = createAlertmanager(ctx, args);
  const grafana = args.grafana.enabled ? createGrafana(ctx, args) : undefined;
  const collector = new Workload(collectorPlan(sizes.collector), ctx);
  new Workload(logAgentPlan(ctx.stack), ctx);
  return {
    outputs: {
      prometheusUrl: prometheus.url("prometheus"),
      pushgatewayUrl: pushgateway.url("pushgateway"),
      lokiUrl: loki.url("loki"),
      jaegerUrl: jaeger.url("jaeger"),
      alertmanagerUrl: alertmanager.url("alertmanager"),
    },
    pages: ["prometheus", "alertmanager", "jaeger", "loki", ...(grafana ? (["grafana"] as const) : [])],
    collector: collector.endpoint("collector:otlp-http"),
    pushgateway: pushgateway.endpoint("pushgateway:http"),
    ...(grafana ? { grafanaPassword: ctx.password("grafana-admin") } : {}),
  };
}

function createAlertmanager(ctx: Context, args: ObservabilityArgs): Workload {
  const { sizes, alerts, responder } = args;
  const plan = alertmanagerPlan({
    sizes: sizes.alertmanager,
    receivers: receiversOf(alerts, responder),
    secrets: secretsOf(alerts, ctx.password("alert-webhook"), ctx.password("responder-webhook")),
    connectsTo: alertmanagerLinks(alerts, responder),
    pagesUrl: pagesUrl(ctx, args),
  });
  return new Workload(plan, ctx);
}

function createGrafana(ctx: Context, args: ObservabilityArgs): Workload {
  const { grafana } = args.sizes;
  const plan = grafanaPlan({
    sizes: grafana,
    password: ctx.password("grafana-admin"),
    pagesUrl: pagesUrl(ctx, args),
    otherPrometheusUrl: args.grafana.otherPrometheusUrl,
  });
  return new Workload(plan, ctx);
}

/**
 * Where people find the pages of these programs, in links that they make. A stack without a public name is reached under an
 * address that is not known here: there the path of such a link is right, and its host is not.
 */
function pagesUrl(ctx: Context, { responder }: ObservabilityArgs): string | undefined {
  return responder ? `https://${ctx.config.gateway.hostname ?? "gateway"}${OPS}` : undefined;
}
