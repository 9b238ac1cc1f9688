import type { Config } from "../config/schema.ts";
import { address } from "../lib/endpoints.ts";

/** Folder of the receivers' secret files in Alertmanager's pod. */
export const SECRETS = "/run/secrets/alertmanager";

/** Where alerts go, with nothing secret in it: secrets are named by file. */
export interface Receivers {
  /** Address of PagerDuty's Events API v2. */
  pagerdutyUrl: string;
  email: { smarthost: string; from: string; onCall: string; team: string; username?: string | undefined; tls: boolean };
  webhookUrl: string;
  /** Whether messages to Slack have a button that acknowledges. @default none */
  slackButton?: boolean | undefined;
  /** Who is told when the people on call do not answer. */
  secondLevelEmail: string;
  /** The responder's webhook. @default none, where it does not run */
  responderUrl?: string | undefined;
  /** An outside watcher that misses the Watchdog. @default none */
  heartbeatUrl?: string | undefined;
}

/** The secret files, by name. */
export const SECRET_FILES = [
  "pagerduty-key",
  "slack-critical",
  "slack-alerts",
  "slack-monitoring",
  "webhook-token",
  "responder-token",
  "smtp-password",
] as const;
export type SecretFile = (typeof SECRET_FILES)[number];

export type AlertsConfig = Config["alerts"];

const sinkUrl = (path: string) => `http://${address("sink:sink")}${path}`;

/** As configured; what is not, goes to the sink of the doubles. `responder`: whether the stack has one. */
export function receiversOf(
  { pagerduty, slack, email, webhook, heartbeat, escalation }: AlertsConfig,
  responder = false,
): Receivers {
  const onCall = email.onCall ?? "on-call@media.example";
  return {
    pagerdutyUrl: pagerDutyUrlOf({ pagerduty }),
    email: {
      smarthost: email.smarthost ?? address("sink-mail:smtp"),
      from: email.from ?? "alertmanager@media.example",
      onCall,
      team: email.team ?? "team@media.example",
      username: email.username,
      // The sink has no certificate.
      tls: email.smarthost !== undefined,
    },
    webhookUrl: webhook.url ?? sinkUrl("/webhook"),
    slackButton: responder && slack.signingSecret !== undefined,
    secondLevelEmail: escalation.email ?? onCall,
    responderUrl: responder ? `http://${address("responder:http")}/webhook` : undefined,
    heartbeatUrl: heartbeat.url,
  };
}

/** Where PagerDuty is told, by Alertmanager and by the responder, and under which of its services. */
export const pagerDutyUrlOf = ({ pagerduty }: Pick<AlertsConfig, "pagerduty">) =>
  pagerduty.routingKey ? pagerduty.url : sinkUrl("/pagerduty/v2/enqueue");
export const pagerDutyKeyOf = ({ pagerduty }: Pick<AlertsConfig, "pagerduty">) =>
  pagerduty.routingKey ?? "0".repeat(32);

/** The secrets that the configuration gives, and for the others the sink's own. */
export function secretsOf<T>(
  { pagerduty, slack, webhook, email }: AlertsConfig,
  generated: T,
  responder: T = generated,
): Record<SecretFile, string | T> {
  return {
    "pagerduty-key": pagerDutyKeyOf({ pagerduty }),
    "slack-critical": slack.critical ?? sinkUrl("/slack/critical-alerts"),
    "slack-alerts": slack.alerts ?? sinkUrl("/slack/alerts"),
    "slack-monitoring": slack.monitoring ?? sinkUrl("/slack/monitoring"),
    "webhook-token": webhook.token ?? generated,
    "responder-token": responder,
    "smtp-password": email.password ?? "",
  };
}
