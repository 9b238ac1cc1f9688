import type * as pulumi from "@pulumi/pulumi";
import { stringify } from "yaml";
import { placesOf } from "../config/receivers.ts";
import type { Tier } from "../config/tiers.ts";
import { type Link, portOf } from "../lib/endpoints.ts";
import type { DeploymentSpec } from "../lib/workload.types.ts";
import { type AlertsConfig, type Receivers, SECRETS, type SecretFile } from "./receivers.plan.ts";
import { TEMPLATES } from "./templates.plan.ts";

const DATA = "/var/lib/alertmanager";

export interface AlertmanagerArgs {
  sizes: Tier["alertmanager"];
  receivers: Receivers;
  secrets: Record<SecretFile, pulumi.Input<string>>;
  connectsTo: Link[];
  /** Where people find its pages, below their own path; it answers without that path. @default nowhere */
  pagesUrl?: string | undefined;
}

/** Groups alerts, keeps back what follows from another one, and sends each severity to its receivers. */
export function alertmanagerPlan({
  sizes,
  receivers,
  secrets,
  connectsTo,
  pagesUrl,
}: AlertmanagerArgs): DeploymentSpec {
  const data = { "alertmanager.yaml": alertmanagerConfig(receivers), "media.tmpl": TEMPLATES };
  return {
    name: "alertmanager",
    component: "observability",
    rollout: { recreate: true },
    image: "alertmanager",
    args: [
      "--config.file=/etc/alertmanager/alertmanager.yaml",
      `--storage.path=${DATA}`,
      `--web.listen-address=:${portOf("alertmanager", "http")}`,
      // Alone: it needs no port for other members.
      "--cluster.listen-address=",
      "--log.level=warn",
      ...(pagesUrl ? [`--web.external-url=${pagesUrl}/alertmanager/`, "--web.route-prefix=/"] : []),
    ],
    files: { config: { path: "/etc/alertmanager", data } },
    secrets: { receivers: { path: SECRETS, data: secrets } },
    volumes: { data: { type: "claim", path: DATA, sizeGi: sizes.volumeGi } },
    env: { GOMEMLIMIT: `${Math.floor(sizes.memoryMi * 0.8)}MiB` },
    connectsTo,
    metrics: { port: "http" },
    probes: {
      startup: { path: "/-/ready", port: "http" },
      readiness: { path: "/-/ready", port: "http" },
      liveness: { path: "/-/healthy", port: "http", failures: 6 },
    },
    resources: { cpuMilli: 5, memoryMi: sizes.memoryMi },
  };
}

/** The sink, where something goes there, and what the configuration names. */
export function alertmanagerLinks(alerts: AlertsConfig, responder = false): Link[] {
  const { sink, outside } = placesOf(alerts);
  return [
    ...(sink ? (["sink-mail:smtp", "sink:sink"] as const) : []),
    ...(outside.length > 0 ? (["alert-receivers"] as const) : []),
    ...(responder ? (["responder:http"] as const) : []),
  ];
}

/** How long a group waits for more alerts; a repetition comes only while the alert still fires. */
const WAITS = {
  critical: { group_wait: "5s", group_interval: "30s", repeat_interval: "1h" },
  warning: { group_wait: "20s", group_interval: "1m", repeat_interval: "4h" },
  info: { group_wait: "30s", group_interval: "5m", repeat_interval: "24h" },
  heartbeat: { group_wait: "0s", group_interval: "30s", repeat_interval: "50s" },
} as const;

export interface ConfigOptions {
  /** Folder of the secret files. */
  secrets?: string;
  /** Folder of the templates. */
  templates?: string;
  /** Waits of all routes, for tests that cannot wait. @default each severity's own */
  waits?: { group_wait: string; group_interval: string; repeat_interval: string };
}

/** alertmanager.yaml: one route for each severity, as docs/spec/performance-monitoring.md draws them. */
export function alertmanagerConfig(receivers: Receivers, options: ConfigOptions = {}): string {
  const { secrets = SECRETS, templates = "/etc/alertmanager", waits } = options;
  const file = (name: SecretFile) => `${secrets}/${name}`;
  const { email } = receivers;
  const slack = (name: SecretFile, channel: string) => ({
    api_url_file: file(name),
    channel,
    send_resolved: true,
    title: '{{ template "media.title" . }}',
    text: '{{ template "media.text" . }}',
    color: '{{ if eq .Status "firing" }}danger{{ else }}good{{ end }}',
  });
  // Slack sends who pressed it to the app's own address, signed; the value is the group whose incidents are meant.
  const button = receivers.slackButton
    ? {
        callback_id: "incidents",
        actions: [{ type: "button", name: "acknowledge", text: "Acknowledge", value: "{{ .GroupLabels.category }}" }],
      }
    : {};
  const mail = (to: string) => ({
    to,
    send_resolved: true,
    html: "",
    text: '{{ template "media.text" . }}',
    headers: { Subject: '{{ template "media.title" . }}' },
  });
  const webhook = (url: string, token: SecretFile) => ({
    url,
    send_resolved: true,
    http_config: { authorization: { type: "Bearer", credentials_file: file(token) } },
  });
  // Each is told of what it has something to do for: people read what is only worth knowing.
  const told = webhook(receivers.webhookUrl, "webhook-token");
  const acted = receivers.responderUrl ? [webhook(receivers.responderUrl, "responder-token")] : [];
  const pagerduty = {
    routing_key_file: file("pagerduty-key"),
    url: receivers.pagerdutyUrl,
    send_resolved: true,
    description: '{{ template "media.title" . }}',
    severity: '{{ template "media.severity" . }}',
    client: "Alertmanager",
    group: "{{ .GroupLabels.category }}",
  };
  const route = (severity: keyof typeof WAITS) => ({
    receiver: severity,
    matchers: [`severity="${severity}"`],
    ...(waits ?? WAITS[severity]),
  });
  return stringify(
    {
      global: {
        smtp_smarthost: email.smarthost,
        smtp_from: email.from,
        smtp_require_tls: email.tls,
        ...(email.username
          ? { smtp_auth_username: email.username, smtp_auth_password_file: file("smtp-password") }
          : {}),
      },
      templates: [`${templates}/*.tmpl`],
      // What no route takes is not lost: a rule of ours cannot have another severity, an alert from elsewhere can.
      route: {
        receiver: "warning",
        group_by: ["category"],
        ...(waits ?? WAITS.warning),
        routes: [
          // Of what the people on call were told before, and did not acknowledge.
          { ...route("critical"), receiver: "second-level", matchers: ['escalation=~"[2-9]"'] },
          ...(["critical", "warning", "info", "heartbeat"] as const).map(route),
        ],
      },
      inhibit_rules: INHIBITIONS,
      receivers: [
        {
          name: "critical",
          pagerduty_configs: [pagerduty],
          slack_configs: [{ ...slack("slack-critical", "#critical-alerts"), ...button }],
          email_configs: [mail(email.onCall)],
          webhook_configs: [told, ...acted],
        },
        {
          name: "second-level",
          slack_configs: [{ ...slack("slack-critical", "#critical-alerts"), ...button }],
          email_configs: [mail(receivers.secondLevelEmail)],
        },
        {
          name: "warning",
          slack_configs: [slack("slack-alerts", "#alerts")],
          email_configs: [mail(email.team)],
          webhook_configs: [told, ...acted],
        },
        {
          name: "info",
          slack_configs: [slack("slack-monitoring", "#monitoring")],
          webhook_configs: [told],
        },
        // An empty receiver is one that sends nothing.
        {
          name: "heartbeat",
          ...(receivers.heartbeatUrl
            ? { webhook_configs: [{ url: receivers.heartbeatUrl, send_resolved: false }] }
            : {}),
        },
      ],
    },
    { lineWidth: 0 },
  );
}

/** A cause keeps back what follows from it: one page for one fault. */
const INHIBITIONS = [
  // The same thing, further gone. An escalated incident is about another alert, and keeps nothing back.
  {
    source_matchers: ['severity="critical"', 'alertname!="IncidentEscalated"'],
    target_matchers: ['severity=~"warning|info"'],
    equal: ["category", "instance"],
  },
  {
    source_matchers: ['alertname="DatabaseDown"'],
    target_matchers: ['category=~"application|business"', 'severity=~"warning|info"'],
  },
  { source_matchers: ['alertname="ServiceDown"'], target_matchers: ['alertname="ErrorRateHigh"'] },
];
