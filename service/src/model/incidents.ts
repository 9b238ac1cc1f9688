/**
 * The states of an incident. Automatic: open → investigating → remediating → verifying → resolved → closed. Where no
 * playbook fits it waits for a person in `review`; where the remedy did not help, a guard refused, or no person came in
 * time it is `escalated`, and `acknowledged` once a person has it. Each can become `resolved` when its alert is over.
 */
export const INCIDENT_STATES = [
  "open",
  "investigating",
  "remediating",
  "verifying",
  "review",
  "escalated",
  "acknowledged",
  "resolved",
  "closed",
] as const;
export type IncidentState = (typeof INCIDENT_STATES)[number];

/** Which state may follow which; anything else is a bug. */
export const FOLLOWS: Readonly<Record<IncidentState, readonly IncidentState[]>> = {
  open: ["investigating"],
  investigating: ["remediating", "review", "escalated"],
  remediating: ["verifying", "review", "escalated"],
  verifying: ["remediating", "resolved", "escalated"],
  review: ["remediating", "resolved", "escalated", "acknowledged"],
  escalated: ["resolved", "acknowledged"],
  acknowledged: ["remediating", "resolved"],
  resolved: ["closed"],
  closed: [],
};

/** In which states a person can say "I have it". */
export const ACKNOWLEDGEABLE: readonly IncidentState[] = ["review", "escalated"];

export type Labels = Readonly<Record<string, string>>;

/** An alert as Alertmanager tells of it. */
export interface Alert {
  fingerprint: string;
  status: "firing" | "resolved";
  labels: Labels;
  annotations: Labels;
  startsAt: Date;
  /** Where it is over. */
  endsAt?: Date | undefined;
}

/** What Alertmanager sends at once: alerts that share the labels by which it groups. */
export interface Notification {
  groupLabels: Labels;
  /** Under which key PagerDuty has an incident of this group, where it was told too. */
  pageKey?: string | undefined;
  alerts: readonly Alert[];
}

/** What one step leaves for the next. */
export interface Progress {
  /** Since when the alert's expression has had no sample, as ISO 8601. */
  quietSince?: string;
  /** Until when the remedy has time to help. */
  deadline?: string;
  /** Steps in a row that could not look whether the alert is still so. */
  blind?: number;
  /** When the critical alert of an escalation was last told. */
  toldAt?: string;
  /** Whether PagerDuty knows that a person has it. */
  pagerTold?: boolean;
  /** Why it is where it is, in a sentence. */
  reason?: string;
}

export interface Incident {
  id: string;
  alert: string;
  severity: string;
  category: string;
  labels: Labels;
  annotations: Labels;
  state: IncidentState;
  beganAt: Date;
  openedAt: Date;
  investigatedAt: Date | null;
  mendedAt: Date | null;
  escalatedAt: Date | null;
  acknowledgedAt: Date | null;
  acknowledgedBy: string | null;
  resolvedAt: Date | null;
  closedAt: Date | null;
  escalationLevel: number;
  progress: Progress;
  investigation: Investigation | null;
  postMortem: string | null;
}

/** One line of the audit. */
export interface IncidentEvent {
  at: Date;
  actor: string;
  kind: string;
  message: string;
  data: Record<string, unknown>;
}

/** One try of a playbook. */
export interface Attempt {
  number: number;
  playbook: string;
  targets: Target[];
  begunAt: Date;
  endedAt: Date | null;
  outcome: string | null;
  results: string[] | null;
}

/** What a playbook acts on. */
export interface Target {
  /** Names it in the audit, and is what must still be the same when the action comes. */
  id: string;
  about: Record<string, string | number>;
}

/** What was found when the incident was opened. Each part may lack what could not be asked; `missing` says why. */
export interface Investigation {
  metrics: Reading[];
  lists: { title: string; lines: string[] }[];
  logs: string[];
  trace: { id: string; summary: string } | null;
  missing: string[];
}

/** A figure at three times; null where there was none. */
export interface Reading {
  title: string;
  unit: string;
  query: string;
  before: number | null;
  atStart: number | null;
  found: number | null;
  /** Asked when the incident is over. */
  after?: number | null;
}
