/** Metrics that drills and the restore proof push. infra/recovery/scripts/pushgateway.py has the same names; a test compares both. */
export const DRILL_METRICS = {
  rto: "drill_rto_seconds",
  rpo: "drill_rpo_seconds",
  passed: "drill_passed",
  lastRun: "drill_last_run_timestamp_seconds",
  duration: "drill_duration_seconds",
} as const;

/** The kind of drill that runs by a schedule, in the stack (infra/recovery/continuous-drill.plan.ts). */
export const SCHEDULED_DRILL = "simulation";

export const BACKUP_METRICS = {
  count: "backup_count",
  lastCompleted: "backup_last_completed_timestamp_seconds",
  lastDuration: "backup_last_duration_seconds",
  lastSize: "backup_last_size_bytes",
  lastWal: "backup_last_wal_timestamp_seconds",
  lastProof: "backup_last_proof_timestamp_seconds",
  provedCompleted: "backup_proved_completed_timestamp_seconds",
  proofPassed: "backup_proof_passed",
  proofDuration: "backup_proof_duration_seconds",
  proofLag: "backup_proof_recovered_lag_seconds",
  proofRows: "backup_proof_ledger_rows",
  proofFailure: "backup_proof_failure",
} as const;
