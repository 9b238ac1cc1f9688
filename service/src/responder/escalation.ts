import type { Incident } from "../model/incidents.ts";
import type { Deps } from "./deps.ts";
import type { OwnAlert } from "./sources/others.ts";

/** Alerts of the responder itself: they open no incident. */
export const ESCALATED = "IncidentEscalated";
export const WITHOUT_DATABASE = "ResponderWithoutDatabase";
export const OWN_ALERTS: readonly string[] = [ESCALATED, WITHOUT_DATABASE];

/** Told again long before, so that Alertmanager lets it go by itself when the responder is gone for good. */
const LASTS_MS = 600_000;

/**
 * The critical alert of an escalated incident. Its labels, and so its fingerprint and PagerDuty's key, are the same from
 * the first time it is told to its end. The next level is an alert of its own, for another receiver.
 */
export function escalationAlert(incident: Incident, now: Date, over: boolean): OwnAlert {
  const { id, alert, category, progress, escalatedAt } = incident;
  return {
    labels: {
      alertname: ESCALATED,
      severity: "critical",
      category,
      cause: alert,
      incident: id,
      escalation: String(Math.max(1, incident.escalationLevel)),
    },
    annotations: {
      summary: `${alert} is not mended: ${progress.reason ?? "a person has to look"}`,
      description: `The incident ${id} waits for a person: /incidents/${id}`,
      runbook_url: incident.annotations.runbook_url ?? "docs/runbooks/README.md",
      dashboard_url: incident.annotations.dashboard_url ?? "/d/real-time",
    },
    startsAt: escalatedAt ?? now,
    endsAt: over ? now : new Date(now.getTime() + LASTS_MS),
  };
}

/** Whether people hear of it by us alone: of a critical alert they have heard from Alertmanager. */
export function needsOwnAlert({ severity, escalationLevel }: Incident): boolean {
  return severity !== "critical" || escalationLevel > 1;
}

/** The level at which an incident that was escalated so long ago is: 1 at once, one more at each of the minutes. */
export function levelAt(minutes: readonly number[], sinceMs: number): number {
  return 1 + minutes.filter((minute) => sinceMs >= minute * 60_000).length;
}

export function tellEscalation(deps: Deps, incident: Incident): Promise<void> {
  return tellLevels(deps, incident, false);
}

/** Ends the alerts of every level that was told. */
export async function endEscalation(deps: Deps, incident: Incident): Promise<void> {
  if (incident.escalatedAt) await tellLevels(deps, incident, true);
}

/** The first level goes on while the second is told: its page stays open until the incident is over. */
async function tellLevels({ alertmanager, now }: Deps, incident: Incident, over: boolean): Promise<void> {
  const levels = Array.from({ length: Math.max(1, incident.escalationLevel) }, (_, n) => n + 1);
  const alerts = levels
    .map((escalationLevel) => ({ ...incident, escalationLevel }))
    .filter(needsOwnAlert)
    .map((one) => escalationAlert(one, now(), over));
  if (alerts.length > 0) await alertmanager.tell(alerts);
}
