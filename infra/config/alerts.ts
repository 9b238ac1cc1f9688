import { z } from "zod";

const secretUrl = z.url({ protocol: /^https?$/ }).optional();

/** Who is told of alerts. Each may be left out where `app.doubles` is on: the doubles' sink then takes what is sent. */
export const alertsSection = z.strictObject({
  pagerduty: z
    .strictObject({
      /** Integration key of a service of PagerDuty (Events API v2); secret. */
      routingKey: z.string().min(16).optional(),
      /** Secret of the webhook (version 3) by which PagerDuty tells of acknowledgements; secret. @default they are refused */
      webhookSecret: z.string().min(16).optional(),
      /** @default PagerDuty's own */
      url: z.url({ protocol: /^https?$/ }).default("https://events.pagerduty.com/v2/enqueue"),
    })
    .prefault({}),
  /** Incoming webhooks of the channels #critical-alerts, #alerts and #monitoring; secret. */
  slack: z
    .strictObject({
      critical: secretUrl,
      alerts: secretUrl,
      monitoring: secretUrl,
      /** Signing secret of the Slack app whose buttons acknowledge incidents; secret. @default messages have no button */
      signingSecret: z.string().min(16).optional(),
    })
    .prefault({}),
  email: z
    .strictObject({
      /** Mail server, "host:port"; it must speak TLS. */
      smarthost: z
        .string()
        .regex(/^[^:]+:\d+$/, "must be host:port")
        .optional(),
      from: z.email().optional(),
      /** Address of the people on call: critical alerts. */
      onCall: z.email().optional(),
      /** Address of the team: warnings. */
      team: z.email().optional(),
      /** @default the mail server asks for none */
      username: z.string().min(1).optional(),
      password: z.string().min(1).optional(),
    })
    .prefault({}),
  /** What is told of every alert, as Alertmanager's webhook. `token` is sent as its bearer; secret. */
  webhook: z
    .strictObject({ url: z.url({ protocol: /^https?$/ }).optional(), token: z.string().min(16).optional() })
    .prefault({}),
  /** An outside watcher that is told twice a minute that alerts work, and raises an alarm when it is not. @default none */
  heartbeat: z.strictObject({ url: z.url({ protocol: /^https?$/ }).optional() }).prefault({}),
  /** Whether the responder's playbooks act; `dry-run`: they only say what they would do. @default "on" */
  automation: z.enum(["on", "dry-run"]).default("on"),
  /** Who is told of an incident that is not mended, besides the receivers of critical alerts, which are told at once. */
  escalation: z
    .strictObject({
      /** Minutes without an acknowledgement after which each further level is told. @default [15, 60] */
      afterMinutes: z.array(z.int().min(1).max(1440)).min(1).max(8).default([15, 60]),
      /** Address of the second level. @default that of the people on call */
      email: z.email().optional(),
      /** Minutes that an incident without a playbook waits for a person before it is escalated. @default 30 */
      reviewMinutes: z.int().min(1).max(1440).default(30),
    })
    .prefault({}),
});

/** Alerts that reach no receiver are worse than none: what the sink does not stand in for has to be given. */
export const REQUIRED_ALERT_KEYS = [
  ["pagerduty", "routingKey"],
  ["slack", "critical"],
  ["slack", "alerts"],
  ["slack", "monitoring"],
  ["email", "smarthost"],
  ["email", "from"],
  ["email", "onCall"],
  ["email", "team"],
  ["webhook", "url"],
  ["webhook", "token"],
] as const;
