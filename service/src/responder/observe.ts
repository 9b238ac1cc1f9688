import type { Database } from "../data/postgres/database.ts";
import { readAutomation } from "../data/repositories/incident-attempts.ts";
import { countByState, incidentsToFollowUp } from "../data/repositories/incidents.ts";
import type { Attempt, Incident } from "../model/incidents.ts";
import type { Logger } from "../observability/log.ts";
import type { Metrics } from "../observability/metrics/metrics.ts";
import {
  AUTOMATION_ENABLED,
  FOLLOW_UP_OLDEST_AGE_SECONDS,
  FOLLOW_UPS_OPEN,
  INCIDENTS_OPEN,
  SPOOLED_NOTIFICATIONS,
} from "../observability/metrics/names.ts";
import { createOutage } from "../observability/outage.ts";
import { type OpenFollowUp, openFollowUps } from "./follow-ups.ts";
import { phasesOf } from "./post-mortem.ts";
import type { Spool } from "./spool.ts";

/** Names of alerts that become labels: each is a series, and names can come from anywhere. */
const MOST_CAUSES = 200;
const causes = new Set<string>();

/** The alert's name as a label, or `other` for a name that none of ours would have. */
export function causeOf(alert: string): string {
  if (!/^\w{1,60}$/.test(alert)) return "other";
  if (causes.size < MOST_CAUSES) causes.add(alert);
  return causes.has(alert) ? alert : "other";
}

/** Counts an incident at its end: how it ended, and what each phase took. */
export function observeClosed(metrics: Metrics, log: Logger) {
  return (incident: Incident, attempts: readonly Attempt[]): void => {
    const cause = causeOf(incident.alert);
    const acted = attempts.some(({ outcome }) => outcome === "done");
    const outcome = incident.escalatedAt ? "escalated" : acted ? "mended" : "passed";
    metrics.incidentClosed({ cause, outcome });
    const phases = phasesOf(incident, attempts);
    for (const [phase, seconds] of Object.entries(phases))
      if (seconds !== null) metrics.incidentPhase({ phase, cause }, seconds, null);
    log.info({ incident: incident.id, alert: incident.alert, outcome, phases }, "incident closed");
  };
}

const LOOK_MS = 5_000;
/** Incidents whose follow-ups are counted: there is no hurry to know of more. */
const MOST_FOLLOWED_UP = 500;

/** Gauges of what is in the database; what cannot be read is not there. */
export function watchIncidents({ primary }: Database, spool: Spool, log: Logger, metrics: Metrics): { stop(): void } {
  let counts: { state: string; count: number }[] | undefined;
  let enabled: boolean | undefined;
  let spooled = 0;
  let followUps: OpenFollowUp[] | undefined;
  metrics.gauge(INCIDENTS_OPEN, "Incidents that are not closed, by state.", (set) => {
    for (const { state, count } of counts ?? []) set({ state }, count);
  });
  metrics.gauge(AUTOMATION_ENABLED, "Whether playbooks may act: 0 or 1.", (set) => {
    if (enabled !== undefined) set({}, enabled ? 1 : 0);
  });
  metrics.gauge(FOLLOW_UPS_OPEN, "Follow-ups of post-mortems that are open.", (set) => {
    if (followUps) set({}, followUps.length);
  });
  metrics.gauge(FOLLOW_UP_OLDEST_AGE_SECONDS, "Since the incident of the oldest open follow-up was closed.", (set) => {
    if (followUps) set({}, Math.max(0, ...followUps.map(({ closedAt }) => (Date.now() - closedAt.getTime()) / 1_000)));
  });
  metrics.gauge(SPOOLED_NOTIFICATIONS, "Notifications that wait on disk for the database.", (set) => set({}, spooled));
  const outage = createOutage(log, {}, "incidents cannot be counted", "incidents can be counted again", () =>
    metrics.backgroundFailure({ task: "incident-watch" }),
  );
  const look = async () => {
    try {
      spooled = await spool.count();
      counts = await countByState(primary);
      enabled = (await readAutomation(primary)).enabled;
      followUps = openFollowUps(await incidentsToFollowUp(primary, MOST_FOLLOWED_UP));
      outage.over();
    } catch (error) {
      counts = undefined;
      enabled = undefined;
      followUps = undefined;
      outage.failed(error);
    }
  };
  void look();
  const timer = setInterval(look, LOOK_MS);
  return { stop: () => clearInterval(timer) };
}
