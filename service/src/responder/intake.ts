import type { Database } from "../data/postgres/database.ts";
import { takeNotification } from "../data/repositories/incident-intake.ts";
import { notePage } from "../data/repositories/incident-pages.ts";
import { isUnavailable, Problem, toProblem } from "../errors/problem.ts";
import type { Alert, Notification } from "../model/incidents.ts";
import type { Logger } from "../observability/log.ts";
import type { Metrics } from "../observability/metrics/metrics.ts";
import { OWN_ALERTS, WITHOUT_DATABASE } from "./escalation.ts";
import { causeOf } from "./observe.ts";
import type { Alertmanager } from "./sources/others.ts";
import type { Spool } from "./spool.ts";
import { parseNotification, type WebhookDeps } from "./webhook.ts";

export interface IntakeDeps {
  database: Database;
  spool: Spool;
  alertmanager: Alertmanager;
  log: Logger;
  metrics: Metrics;
  /** Called when there may be something to do. */
  wake(): void;
}

/** An incident's id, as its escalation's alert has it. */
const INCIDENT = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const LASTS_MS = 300_000;
/** Between two times that Alertmanager is told that the database is away. */
const TELL_MS = 60_000;

/** Keeps notifications, in the database or on disk until it is back. */
export interface Intake {
  take: WebhookDeps["take"];
  /** Brings what waits on disk into the database; until that works, people are told by Alertmanager. */
  replay(): Promise<void>;
}

export function createIntake({ database, spool, alertmanager, log, metrics, wake }: IntakeDeps): Intake {
  const store = async (notification: Notification) => {
    const isOwn = ({ labels }: Alert) => OWN_ALERTS.includes(labels.alertname ?? "");
    const alerts = notification.alerts.filter((alert) => !isOwn(alert));
    const none = { opened: [], joined: 0, known: 0 };
    const { opened, joined, known } =
      alerts.length > 0 ? await takeNotification(database, { ...notification, alerts }) : none;
    const { pageKey } = notification;
    const escalated = notification.alerts
      .filter(isOwn)
      .flatMap(({ labels }) => INCIDENT.exec(labels.incident ?? "") ?? []);
    if (pageKey) await notePage(database, pageKey, alerts, escalated);
    for (const { id, alert, severity } of opened) {
      metrics.incidentOpened({ cause: causeOf(alert), severity });
      log.info({ incident: id, alert, severity }, "incident opened");
    }
    if (opened.length > 0) wake();
    if (opened.length + joined === 0) log.debug({ known }, "notification known");
    return opened.length + joined > 0 ? ("taken" as const) : ("known" as const);
  };
  let toldAt: number | undefined;
  /** Without the database there are no incidents: each alert that waits is one for people. */
  const tell = async (over: boolean) => {
    const waiting = await spool.count();
    const labels = { alertname: WITHOUT_DATABASE, severity: "critical", category: "database" };
    const annotations = {
      summary: `${waiting} notifications of alerts wait: the database of incidents is away`,
      description:
        "No incident is opened and nothing is mended until it is back. The alerts that fire are in Alertmanager.",
      runbook_url: "docs/runbooks/DatabaseDown.md",
      dashboard_url: "/d/real-time",
    };
    const now = Date.now();
    const startsAt = (await spool.oldest()) ?? new Date(toldAt ?? now);
    await alertmanager.tell([{ labels, annotations, startsAt, endsAt: new Date(over ? now : now + LASTS_MS) }]);
    toldAt = over ? undefined : now;
  };
  return {
    async take(notification, bytes) {
      try {
        return await store(notification);
      } catch (error) {
        if (!isAway(error)) throw error;
        await spool.keep(bytes);
        log.warn({ err: error, alerts: notification.alerts.length }, "a notification waits on disk");
        return "spooled";
      }
    },
    async replay() {
      const waiting = await spool.count();
      if (waiting === 0 && toldAt === undefined) return;
      try {
        const done = await spool.replay(
          async (bytes) => store(parseNotification(bytes)),
          (error) => error instanceof Problem && !isAway(error),
        );
        if (done > 0) log.info({ notifications: done }, "notifications from disk were taken");
        if (toldAt !== undefined) await tell(true);
      } catch (error) {
        if (!isAway(error)) throw error;
        if (toldAt === undefined || Date.now() - toldAt > TELL_MS) await tell(false);
      }
    },
  };
}

/** A breaker that is open says the same as a connection that is refused. */
function isAway(error: unknown): boolean {
  return isUnavailable(error) || ["database-unavailable", "circuit-open", "overloaded"].includes(toProblem(error).code);
}
