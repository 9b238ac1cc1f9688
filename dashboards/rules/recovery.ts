import { BACKUP_METRICS, DRILL_METRICS, SCHEDULED_DRILL } from "@media/drills/metric-names";
import { BACKUP_AGE_HOURS, DRILL_AGE_HOURS, PROOF_AGE_HOURS } from "../thresholds.ts";
import { above, below, type Rule } from "./rule.ts";

const HOUR = 3600;
/** Seconds since a time that a metric names. */
const age = (metric: string) => `time() - max(${metric})`;
const dashboard = { uid: "real-time", panel: "Active Alerts" };

/** Whether the stack could be recovered. */
export const recoveryRules: readonly Rule[] = [
  {
    name: "BackupOld",
    category: "database",
    severity: "critical",
    expr: above(age(BACKUP_METRICS.lastCompleted), BACKUP_AGE_HOURS.warning * HOUR),
    summary: "The newest backup ended {{ $value | humanizeDuration }} ago",
    description: "After a total loss all WAL since then has to be replayed, and what the store keeps is not renewed.",
    dashboard,
  },
  {
    name: "RestoreProofFailed",
    category: "database",
    severity: "critical",
    expr: `max by (reason) (${BACKUP_METRICS.proofFailure}) > 0`,
    summary: "The newest backup cannot be restored: {{ $labels.reason }}",
    description:
      "The restore proof found that the store is damaged, or that the archive stands still. A loss now would lose data.",
    dashboard,
  },
  {
    name: "RestoreProofOld",
    category: "database",
    severity: "warning",
    expr: above(age(BACKUP_METRICS.lastProof), PROOF_AGE_HOURS.warning * HOUR),
    summary: "For {{ $value | humanizeDuration }} no backup was proved to be restorable",
    description: "Whether the backups can be restored is not known.",
    dashboard,
  },
  {
    name: "DrillFailed",
    category: "database",
    severity: "warning",
    expr: below(`min by (kind) (${DRILL_METRICS.passed})`, 1),
    summary: "The newest recovery drill of kind {{ $labels.kind }} failed",
    description: "A recovery would not go as the drill promises: find out before one is needed.",
    dashboard,
  },
  {
    name: "DrillOld",
    category: "database",
    severity: "warning",
    expr: above(age(`${DRILL_METRICS.lastRun}{kind="${SCHEDULED_DRILL}"}`), DRILL_AGE_HOURS.warning * HOUR),
    summary: "For {{ $value | humanizeDuration }} no recovery was drilled",
    description: "The schedule of drills stands still: whether the programs of a recovery work is not known.",
    dashboard,
  },
];
