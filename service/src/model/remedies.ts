/**
 * The playbook for an alert, by the alert's name. The alert's rule carries it as the annotation `playbook`, its runbook names
 * it, and the playbook's alerts are read from here: one place, so that they cannot differ.
 */
export const REMEDIES = {
  CacheEmptied: "warm-cache",
  CacheThrashes: "shed-cache",
  DatabaseVolumeHigh: "expand-volume",
  ErrorRateHigh: "scale-out",
  IdleInTransaction: "end-idle-in-transaction",
  OutsideServiceDown: "pause-queue",
  OutsideServiceSlow: "open-breaker",
  PodNotReady: "restart-stuck-pod",
  QueryRunsLong: "cancel-runaway-queries",
  QueueDelayed: "scale-out",
  ResponseTimeHigh: "scale-out",
  ServiceDown: "roll-back-rollout",
  StandbyCutOff: "rebuild-standby",
  WalPilesUp: "archive-wal",
} as const satisfies Record<string, string>;

export type PlaybookName = (typeof REMEDIES)[keyof typeof REMEDIES];

/** The alerts that a playbook is for. */
export function alertsOf(playbook: PlaybookName): string[] {
  return Object.entries(REMEDIES).flatMap(([alert, name]) => (name === playbook ? [alert] : []));
}

/** The playbook's name for an alert; undefined: a person has to look. */
export function remedyOf(alert: string): PlaybookName | undefined {
  return (REMEDIES as Record<string, PlaybookName>)[alert];
}
