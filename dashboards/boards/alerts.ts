import { ERROR_GROUPS_TOTAL } from "@media/service/metric-names";
import { board } from "../library/board.ts";
import { logs } from "../library/panels.ts";
import * as q from "../library/queries.ts";
import { lines, number, rows, states } from "../library/short.ts";

const rate = (metric: string) => `rate(${metric}[$__rate_interval])`;
const FIRING = 'ALERTS{alertstate="firing",severity!="heartbeat"}';

/** Alerts, what became of them, and the incidents of the last day from the log. */
export const alerts = () =>
  board({
    uid: "alerts",
    title: "Alerts",
    description: "What fires now, what fired when, whether it reached its receivers, and what the log says about it.",
    tags: ["overview"],
    from: "now-6h",
    rows: [
      { title: "Now", panels: now() },
      { title: "When", panels: when() },
      { title: "On their way", panels: delivery() },
      { title: "Incidents of the last 24 hours", panels: incidents() },
    ],
  });

const now = () => [
  ...(["critical", "warning", "info"] as const).map((severity) =>
    number(
      severity[0]?.toUpperCase() + severity.slice(1),
      "short",
      `Alerts of severity ${severity} that fire now.`,
      [q.alertCount(severity)],
      {
        decimals: 0,
        limit: { warning: 1, critical: severity === "critical" ? 1 : 1_000_000 },
      },
    ),
  ),
  number(
    "Pending",
    "short",
    "Alerts whose time is not over yet.",
    ['count(ALERTS{alertstate="pending"}) or vector(0)'],
    { decimals: 0 },
  ),
  rows(
    "Firing",
    "short",
    "Each with what it is about.",
    FIRING,
    {
      alertname: "alert",
      severity: "severity",
      category: "category",
      pod: "pod",
      service: "service",
      instance: "instance",
    },
    { span: 24, height: 6 },
  ),
];

const when = () => [
  states(
    "Alerts over Time",
    "A bar for as long as an alert fired.",
    [`max by (alertname) (${FIRING})`, "{{alertname}}"],
    { 1: { text: "firing", color: "red" } },
    {
      span: 16,
      height: 10,
    },
  ),
  lines(
    "How Many",
    "short",
    "Alerts that fire, by severity.",
    [['count by (severity) (ALERTS{alertstate="firing",severity!="heartbeat"}) or vector(0)', "{{severity}}"]],
    { height: 10 },
  ),
];

const delivery = () => [
  lines("Notifications", "short", "Sent by Alertmanager in an hour, by kind of receiver.", [
    ["sum by (integration) (increase(alertmanager_notifications_total[1h])) > 0", "{{integration}}"],
  ]),
  lines("Notifications That Failed", "short", "In an hour, by kind of receiver. Alertmanager tries again.", [
    [
      "sum by (integration) (increase(alertmanager_notifications_failed_total[1h])) > 0 or vector(0)",
      "{{integration}}",
    ],
  ]),
  lines("Alerts at Alertmanager", "short", "Active and suppressed (inhibited or silenced).", [
    ["sum by (state) (alertmanager_alerts)", "{{state}}"],
  ]),
  lines(
    "Between Prometheus and Alertmanager",
    "ops",
    "Alerts sent, and dropped because Alertmanager did not take them.",
    [
      [`sum(${rate("prometheus_notifications_sent_total")})`, "sent"],
      [`sum(${rate("prometheus_notifications_dropped_total")})`, "dropped"],
    ],
    { span: 12 },
  ),
  lines(
    "New Errors",
    "short",
    "Groups of errors that are new or came back, in ten minutes.",
    [[`sum by (change) (increase(${ERROR_GROUPS_TOTAL}[10m])) or vector(0)`, "{{change}}"]],
    { span: 12 },
  ),
];

const incidents = () => [
  logs({
    title: "Alerts as They Came",
    description: "As the webhook's receiver wrote them, newest first.",
    expr: '{service_name=~"doubles|responder"} | json | msg="alert"',
    hours: 24,
    span: 12,
    height: 12,
  }),
  logs({
    title: "Errors of the Service",
    description: "Lines of level error and fatal, newest first. Each has a trace.",
    expr: '{service_name=~"api|worker"} | json | level=~"error|fatal"',
    hours: 24,
    span: 12,
    height: 12,
  }),
];
