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
  "smtp-password",
] as const;
export type SecretFile = (typeof SECRET_FILES)[number];

export type AlertsConfig = Config["alerts"];

const sinkUrl = (path: string) => `http://${address("sink:sink")}${path}`;

/** As configured; what is not, goes to the sink of the doubles. */
export function receiversOf({ pagerduty, email, webhook, heartbeat }: AlertsConfig): Receivers {
  return {
    pagerdutyUrl: pagerduty.routingKey ? pagerduty.url : sinkUrl("/pagerduty/v2/enqueue"),
    email: {
      smarthost: email.smarthost ?? address("sink-mail:smtp"),
      from: email.from ?? "alertmanager@media.example",
      onCall: email.onCall ?? "on-call@media.example",
      team: email.team ?? "team@media.example",
      username: email.username,
      // The sink has no certificate.
      tls: email.smarthost !== undefined,
    },
    webhookUrl: webhook.url ?? sinkUrl("/webhook"),
    heartbeatUrl: heartbeat.url,
  };
}

/** The secrets that the configuration gives, and for the others the sink's own. */
export function secretsOf<T>(
  { pagerduty, slack, webhook, email }: AlertsConfig,
  generated: T,
): Record<SecretFile, string | T> {
  return {
    "pagerduty-key": pagerduty.routingKey ?? "0".repeat(32),
    "slack-critical": slack.critical ?? sinkUrl("/slack/critical-alerts"),
    "slack-alerts": slack.alerts ?? sinkUrl("/slack/alerts"),
    "slack-monitoring": slack.monitoring ?? sinkUrl("/slack/monitoring"),
    "webhook-token": webhook.token ?? generated,
    "smtp-password": email.password ?? "",
  };
}
