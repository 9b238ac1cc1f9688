import { CERTIFICATE_EXPIRY_TIMESTAMP_SECONDS } from "@media/service/metric-names";
import * as q from "../library/queries.ts";
import * as limit from "../thresholds.ts";
import { above, below, type Rule } from "./rule.ts";

/** What could not be recovered, or not as fast as promised. */
export const durabilityRules: readonly Rule[] = [
  {
    name: "ArchiveDelayed",
    category: "database",
    severity: "warning",
    expr: above(q.archiveWait(), limit.ARCHIVE_WAIT_SECONDS.warning),
    for: "1m",
    summary: "A file of the write-ahead log has waited for the backup store for {{ $value | humanizeDuration }}",
    description: "What waits is lost with its disk: the recovery point objective is not kept.",
    dashboard: { uid: "recovery", panel: "Waiting for the Archive" },
  },
  {
    name: "ArchiveDropped",
    category: "database",
    severity: "critical",
    expr: above(q.archiveDropped(), 0),
    summary: "Write-ahead log was dropped: no later time can be restored",
    description:
      "The store was away for too long. A full backup heals it, and begins by itself when the store is back.",
    dashboard: { uid: "recovery", panel: "Log Dropped" },
  },
  {
    name: "WalPilesUp",
    category: "database",
    severity: "warning",
    expr: above(q.walSizes(), limit.WAL_SIZES.warning),
    for: "1m",
    summary: "The write-ahead log of {{ $labels.pod }} has {{ $value | humanize }} times its size",
    description: "Something keeps PostgreSQL from recycling it: it will fill the volume of the data.",
    dashboard: { uid: "postgresql", panel: "Write-ahead Log" },
  },
  {
    name: "StandbyCutOff",
    category: "database",
    severity: "warning",
    expr: below(q.notStreaming(), 1),
    for: "1m",
    summary: "{{ $labels.pod }} receives no write-ahead log",
    description: "It falls behind: it serves no reads, and if it took over, commits would be lost.",
    dashboard: { uid: "recovery", panel: "Streaming" },
  },
  {
    name: "ReplicaBehind",
    category: "database",
    severity: "warning",
    expr: above("max by (pod) (pg_replica_age_seconds)", limit.REPLICA_AGE_SECONDS.warning),
    for: "1m",
    summary: "The newest commit on {{ $labels.pod }} is {{ $value | humanizeDuration }} old",
    description: "Reads go to the primary instead, which has more work.",
    dashboard: { uid: "recovery", panel: "Behind" },
  },
  {
    name: "StandbyStackBehind",
    category: "database",
    severity: "warning",
    expr: above("max by (pod) (pg_followed_age_seconds)", limit.FOLLOWED_AGE_SECONDS.warning),
    for: "1m",
    summary: "The newest commit that this standby stack has is {{ $value | humanizeDuration }} old",
    description:
      "So much is lost if it is promoted now: its source archives nothing, or it cannot read what is archived.",
    dashboard: { uid: "recovery", panel: "Behind Its Source" },
  },
  {
    name: "DatabaseRestartPending",
    category: "database",
    severity: "info",
    expr: above("max by (pod) (pg_pending_restart_settings)", 0),
    for: "10m",
    summary: "{{ $value }} settings of {{ $labels.pod }} wait for a restart",
    description: "The member does not run with what is configured.",
    dashboard: { uid: "postgresql", panel: "Settings That Wait for a Restart" },
  },
  {
    name: "CertificateExpires",
    category: "infrastructure",
    severity: "warning",
    expr: below(
      `min by (service) (${CERTIFICATE_EXPIRY_TIMESTAMP_SECONDS} - time())`,
      limit.CERTIFICATE_SECONDS.warning,
    ),
    summary: "The certificate of {{ $labels.service }} ends in {{ $value | humanizeDuration }}",
    description: "When it has ended, no client connects any more.",
    dashboard: { uid: "outside", panel: "Certificates" },
  },
];
