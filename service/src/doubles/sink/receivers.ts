import { type Express, json, type RequestHandler } from "express";
import { z } from "zod";
import { knows, secretsIn } from "../../auth/known-secrets.ts";
import type { Faults } from "../faults.ts";
import { misbehave } from "../misbehave.ts";
import type { Inbox } from "./inbox.ts";

/** The used part of PagerDuty's Events API v2: https://developer.pagerduty.com/docs/events-api-v2 */
const pagerDutyEvent = z.object({
  routing_key: z.string().min(1),
  event_action: z.enum(["trigger", "acknowledge", "resolve"]),
  dedup_key: z.string().max(255).optional(),
  payload: z
    .object({
      summary: z.string().min(1).max(1024),
      source: z.string().min(1),
      severity: z.enum(["critical", "error", "warning", "info"]),
      custom_details: z.record(z.string(), z.unknown()).optional(),
    })
    .optional(),
});

const slackMessage = z.object({
  channel: z.string().optional(),
  text: z.string().optional(),
  attachments: z.array(
    z.object({ title: z.string().optional(), text: z.string().optional(), color: z.string().optional() }),
  ),
});

/** Alertmanager's own webhook, version 4. */
const webhookMessage = z.object({
  version: z.literal("4"),
  status: z.enum(["firing", "resolved"]),
  receiver: z.string(),
  groupKey: z.string(),
  commonLabels: z.record(z.string(), z.string()),
  alerts: z
    .array(
      z.object({
        status: z.string(),
        labels: z.record(z.string(), z.string()),
        annotations: z.record(z.string(), z.string()),
        startsAt: z.string(),
        fingerprint: z.string(),
      }),
    )
    .min(1),
});

/** Alerts' names as our templates write them: "[FIRING] critical: A, B". */
const TITLE = /^\[(FIRING|RESOLVED)\] ([\w-]+): (.+?)( - .*)?$/s;

export function readTitle(title: string): { status: string; severity: string; alerts: string[] } {
  const [, status = "", severity = "", names = ""] = TITLE.exec(title) ?? [];
  return { status: status.toLowerCase(), severity, alerts: names ? names.split(", ") : [] };
}

/** PagerDuty, Slack and a webhook, each with knobs for faults. */
export function mountReceivers(
  app: Express,
  inbox: Inbox,
  faults: Record<"pagerduty" | "slack" | "webhook", Faults>,
  token: string | undefined,
): void {
  const fail = (res: Parameters<RequestHandler>[1], status: number) =>
    void res.status(status).send("failed on purpose");
  const body = json({ limit: "1mb" });

  app.post("/pagerduty/v2/enqueue", misbehave(faults.pagerduty, fail), body, (req, res) => {
    const parsed = pagerDutyEvent.safeParse(req.body);
    const withoutPayload = parsed.data?.event_action === "trigger" && !parsed.data.payload;
    if (!parsed.success || withoutPayload) {
      const errors = parsed.error?.issues.map(({ path, message }) => `${path.join(".")}: ${message}`) ?? [
        "payload is missing",
      ];
      return void res.status(400).json({ status: "invalid event", message: "Event object is invalid", errors });
    }
    const { routing_key, event_action, dedup_key = "", payload } = parsed.data;
    const summary = payload?.summary ?? "";
    const { alerts } = readTitle(summary);
    const status = event_action === "resolve" ? "resolved" : "firing";
    inbox.add(
      {
        channel: "pagerduty",
        to: `key …${routing_key.slice(-4)}`,
        status,
        alerts,
        severity: payload?.severity ?? "",
        summary,
      },
      { ...req.body, routing_key: "…" },
    );
    res.status(202).json({ status: "success", message: "Event processed", dedup_key });
  });

  app.post("/slack/:channel", misbehave(faults.slack, fail), body, (req, res) => {
    const parsed = slackMessage.safeParse(req.body);
    if (!parsed.success) return void res.status(400).send("invalid_payload");
    const summary = parsed.data.attachments[0]?.title ?? parsed.data.text ?? "";
    if (!summary) return void res.status(400).send("no_text");
    inbox.add({ channel: "slack", to: `#${req.params.channel}`, ...readTitle(summary), summary }, req.body);
    res.send("ok");
  });

  app.post("/webhook", misbehave(faults.webhook, fail), requireToken(token), body, (req, res) => {
    const parsed = webhookMessage.safeParse(req.body);
    if (!parsed.success) return void res.status(400).json({ errors: parsed.error.issues });
    const { status, receiver, alerts, commonLabels } = parsed.data;
    const names = [...new Set(alerts.map(({ labels }) => labels.alertname ?? ""))];
    const summary = alerts[0]?.annotations.summary ?? "";
    inbox.add(
      { channel: "webhook", to: receiver, status, alerts: names, severity: commonLabels.severity ?? "", summary },
      req.body,
    );
    res.status(200).end();
  });
}

/** Without a token of its own it takes any caller; else only those that know it, or the one beside it in its file. */
function requireToken(token: string | undefined): RequestHandler {
  const isKnown = knows(secretsIn(token));
  return (req, res, next) => {
    const given = req.get("authorization")?.replace(/^Bearer /, "") ?? "";
    if (token === undefined || isKnown(given)) next();
    else res.status(401).end();
  };
}
