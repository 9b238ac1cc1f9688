import { alertsOf } from "../data/repositories/incidents.ts";
import type { Incident, Labels } from "../model/incidents.ts";
import { messageOf } from "../observability/message.ts";
import type { Deps } from "./deps.ts";
import type { Playbook } from "./playbooks/playbook.ts";
import { type AlertRule, isAbout, longestRange } from "./sources/prometheus.ts";

/** How much longer than the expression needs anyway a remedy has to help. */
const PATIENCE_SECONDS = 60;

/**
 * Quiet for so long an alert is mended for good, where what was done stays done. Prometheus itself ends an alert with the first
 * evaluation that finds nothing; a rule's own time says for how long something must be wrong before a person is told.
 */
const QUIET_AT_MOST_SECONDS = 60;

/**
 * Seconds for which the expression must be false: the rule's own time, and no longer than a minute after a playbook that takes
 * nothing back. One that does (a pod more) may have hidden the fault only for as long as it lasts.
 */
export const quietNeeded = (seconds: number, mendedBy: Pick<Playbook, "undo"> | undefined): number =>
  mendedBy && !mendedBy.undo ? Math.min(seconds, QUIET_AT_MOST_SECONDS) : seconds;

/** Whether the alert is still so. `blind`: it could not be seen, so it is neither. */
export type Sight = { firing: boolean; quietSeconds: number; patienceSeconds: number } | { blind: string };

/**
 * Asks Prometheus for the alert's own expression, as it has it loaded. An alert of which it knows no rule is over when
 * Alertmanager has said so.
 */
export async function look({ prometheus, database, settings }: Deps, incident: Incident): Promise<Sight> {
  try {
    const alerts = await alertsOf(database.primary, incident.id);
    const rule = await prometheus.rule(incident.alert);
    if (!rule) {
      const firing = alerts.some(({ over }) => !over);
      return { firing, quietSeconds: 0, patienceSeconds: PATIENCE_SECONDS };
    }
    const labels = alerts.map((alert) => alert.labels);
    const samples = await prometheus.query(rule.query);
    const firing = samples.some((sample) => labels.some((one) => isAbout(sample, one)));
    if (!firing) {
      const unseen = await targetNotScraped(prometheus, labels);
      if (unseen) return { blind: unseen };
    }
    return { firing, ...timesOf(rule, settings.quietSeconds) };
  } catch (error) {
    return { blind: messageOf(error) };
  }
}

/** An expression over a pod that is not scraped has no sample either: that is no mend. */
async function targetNotScraped(
  prometheus: Deps["prometheus"],
  alerts: readonly Labels[],
): Promise<string | undefined> {
  const pods = [...new Set(alerts.flatMap(({ pod }) => (pod && /^[\w.-]+$/.test(pod) ? [pod] : [])))];
  if (pods.length === 0) return undefined;
  const down = await prometheus.query(`up{pod=~"${pods.join("|")}"} == 0`);
  return down.length > 0 ? `Prometheus cannot scrape ${down.map(({ labels }) => labels.pod).join(", ")}` : undefined;
}

function timesOf({ query, seconds }: AlertRule, least: number) {
  const quietSeconds = Math.max(seconds, least);
  return { quietSeconds, patienceSeconds: quietSeconds + longestRange(query) + PATIENCE_SECONDS };
}
