import type { Input } from "@pulumi/pulumi";
import type { Context, Outputs } from "../lib/context.ts";
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

/** Metrics, logs and traces of the stack. Each part is one workload without resources besides it, so a plan says it all. */
export function buildObservability(ctx: Context): Outputs {
  const prometheus = new Workload(prometheusPlan(ctx.stack, ctx.tier), ctx);
  const pushgateway = new Workload(pushgatewayPlan(ctx.tier), ctx);
  const loki = new Workload(lokiPlan(ctx.tier), ctx);
  const jaeger = new Workload(jaegerPlan(ctx.tier), ctx);
  const alertmanager = createAlertmanager(ctx);
  const grafana = ctx.config.grafana.enabled ? createGrafana(ctx) : undefined;
  new Workload(collectorPlan(ctx.tier), ctx);
  new Workload(logAgentPlan(ctx.stack), ctx);
  return {
    prometheusUrl: prometheus.url("prometheus"),
    pushgatewayUrl: pushgateway.url("pushgateway"),
    lokiUrl: loki.url("loki"),
    jaegerUrl: jaeger.url("jaeger"),
    alertmanagerUrl: alertmanager.url("alertmanager"),
    ...(grafana ? { grafanaUrl: grafana.url("grafana") } : {}),
  };
}

function createAlertmanager(ctx: Context): Workload {
  const { alerts } = ctx.config;
  const plan = alertmanagerPlan({
    sizes: ctx.tier.alertmanager,
    receivers: receiversOf(alerts),
    secrets: secretsOf<Input<string>>(alerts, ctx.password("alert-webhook")),
    connectsTo: alertmanagerLinks(alerts),
  });
  return new Workload(plan, ctx);
}

function createGrafana(ctx: Context): Workload {
  return new Workload(grafanaPlan({ sizes: ctx.tier.grafana, password: ctx.password("grafana-admin") }), ctx);
}
