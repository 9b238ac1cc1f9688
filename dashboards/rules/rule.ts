import { START_SECONDS } from "../thresholds.ts";

/** How much an alert matters, and so to which receivers it goes. `heartbeat` is the Watchdog's, which must never stop. */
export const SEVERITIES = ["critical", "warning", "info"] as const;
export type Severity = (typeof SEVERITIES)[number] | "heartbeat";

export const CATEGORIES = ["infrastructure", "application", "database", "business", "security", "watchdog"] as const;
export type Category = (typeof CATEGORIES)[number];

/** One alert. Its runbook is docs/runbooks/<name>.md; the playbook that mends it is what the service says (REMEDIES). */
export interface Rule {
  name: string;
  category: Category;
  severity: Severity;
  /** PromQL that has a sample for each thing that is wrong. */
  expr: string;
  /** How long it has to be so: a Prometheus duration. @default at once */
  for?: string;
  /** How often it is looked at: rules over hours need not be as often as data comes. @default with each scrape */
  every?: "1m";
  /** One line; `{{ $labels.x }}` and `{{ $value }}` are Prometheus' own templates. */
  summary: string;
  /** What follows from it, for the reader who is woken by it. */
  description: string;
  /** uid of the dashboard, and id of the panel, that show it. */
  dashboard: { uid: string; panel?: string };
}

/** `left > right`, with the number written as Prometheus reads it. */
export const above = (expr: string, limit: number) => `${grouped(expr)} > ${limit}`;
export const below = (expr: string, limit: number) => `${grouped(expr)} < ${limit}`;

/**
 * `present` has no sample. While a stack starts, Prometheus is there before what it watches: what was not seen in the last
 * hour is given the time of a start. Where the time of Prometheus' own start is not known, nothing is held back.
 */
export const absentAfterStart = (present: string) =>
  `absent(${present}) unless on () (max(time() - process_start_time_seconds{job="prometheus"}) < ${START_SECONDS} ` +
  `unless on () count_over_time((${present})[1h:15s]))`;

/** `or` binds weaker than a comparison, so that a sum of several operators needs brackets. */
const grouped = (expr: string) => (/ (or|and|unless|\+|-|\/|\*) /.test(expr) ? `(${expr})` : expr);

const UNITS: Record<string, number> = { s: 1, m: 60, h: 3600, d: 86_400 };

/** How long a rule waits. */
export function secondsOf(rule: Pick<Rule, "for">): number {
  const [, number = "0", unit = "s"] = /^(\d+)([smhd])$/.exec(rule.for ?? "0s") ?? [];
  return Number(number) * (UNITS[unit] ?? 1);
}
