import { createHash } from "node:crypto";
import { type RequestHandler, raw } from "express";
import { z } from "zod";
import { knows } from "../auth/known-secrets.ts";
import { Problem, toProblem } from "../errors/problem.ts";
import type { Notification } from "../model/incidents.ts";
import type { Metrics } from "../observability/metrics/metrics.ts";

/** Room for the 500 alerts of a bad day; what is larger is not Alertmanager's. */
const MAX_BODY = "2mb";
const MAX_ALERTS = 2_000;

/** The receiver by which Alertmanager tells PagerDuty too. */
const PAGED = "critical";
/** Alertmanager's `dedup_key` at PagerDuty: its group's key, hashed (notify.Key.Hash). */
const hashOf = (groupKey: string) => createHash("sha256").update(groupKey).digest("hex");

const labels = z.record(z.string().min(1).max(200), z.string().max(4_096));
const time = z.iso.datetime({ offset: true });

/** Alertmanager's webhook, version 4: https://prometheus.io/docs/alerting/latest/configuration/#webhook_config */
const message = z.object({
  version: z.literal("4"),
  groupKey: z.string(),
  receiver: z.string().optional(),
  groupLabels: labels,
  alerts: z
    .array(
      z.object({
        status: z.enum(["firing", "resolved"]),
        labels: labels.refine(({ alertname }) => Boolean(alertname), "has no alertname"),
        annotations: labels,
        startsAt: time,
        endsAt: time.optional(),
        fingerprint: z.string().min(1).max(64),
      }),
    )
    .min(1)
    .max(MAX_ALERTS),
});

/** @throws Problem `malformed-body` or `validation-failed` */
export function parseNotification(bytes: Buffer): Notification {
  let json: unknown;
  try {
    json = JSON.parse(bytes.toString("utf8"));
  } catch (cause) {
    throw new Problem("malformed-body", { cause });
  }
  const { data, error } = message.safeParse(json);
  if (!data) {
    const errors = error.issues.slice(0, 20).map(({ path, message }) => ({ path: `/${path.join("/")}`, message }));
    throw new Problem("validation-failed", {
      detail: "This is no notification of Alertmanager.",
      extensions: { errors },
    });
  }
  const alerts = data.alerts.map(({ startsAt, endsAt, ...alert }) => ({
    ...alert,
    startsAt: new Date(startsAt),
    // Alertmanager writes the year 1 where there is no end.
    endsAt: endsAt !== undefined && Date.parse(endsAt) > 0 ? new Date(endsAt) : undefined,
  }));
  const pageKey = data.receiver === PAGED ? hashOf(data.groupKey) : undefined;
  return { groupLabels: data.groupLabels, pageKey, alerts };
}

export interface WebhookDeps {
  /** Of which Alertmanager has to know one. */
  tokens: readonly string[];
  metrics: Metrics;
  /** Keeps the notification: in the database or, while that is away, on disk. Rejects where it can do neither. */
  take(notification: Notification, bytes: Buffer): Promise<"taken" | "known" | "spooled">;
}

/**
 * POST of Alertmanager. The token is looked at before anything is read. What is refused with 4xx does not come again; what
 * cannot be kept now is answered with 503, and Alertmanager comes again.
 */
export function webhook({ tokens, metrics, take }: WebhookDeps): RequestHandler[] {
  const count = (outcome: string) => metrics.notification({ outcome });
  const isKnown = knows(tokens);
  return [
    (req, _res, next) => {
      const given = /^Bearer (\S+)$/i.exec(req.get("authorization") ?? "")?.[1] ?? "";
      if (isKnown(given)) return next();
      count("forged");
      throw new Problem("unauthenticated", { headers: { "WWW-Authenticate": 'Bearer realm="alerts"' } });
    },
    (req, res, next) =>
      raw({ type: () => true, limit: MAX_BODY })(req, res, (error) => {
        if (error) count("refused");
        next(error);
      }),
    async (req, res) => {
      const bytes = Buffer.isBuffer(req.body) ? req.body : Buffer.alloc(0);
      let notification: Notification;
      try {
        notification = parseNotification(bytes);
      } catch (error) {
        count("refused");
        throw error;
      }
      try {
        const outcome = await take(notification, bytes);
        count(outcome);
        res.status(outcome === "spooled" ? 202 : 200).end();
      } catch (error) {
        count("failed");
        throw toProblem(error);
      }
    },
  ];
}
