/** How much an alert matters, and so to which receivers it goes. `heartbeat` is the Watchdog's, which must never stop. */
export const SEVERITIES = ["critical", "warning", "info"] as const;
export type Severity = (typeof SEVERITIES)[number] | "heartbeat";

export const CATEGORIES = ["infrastructure", "application", "database", "business", "watchdog"] as const;
export type Category = (typeof CATEGORIES)[number];

/** One alert. Its runbook is docs/runbooks/<name>.md. */
export interface Rule {
  name: string;
  category: Category;
  severity: Severity;
  /** PromQL that has a sample for each thing that is wrong. */
  expr: string;
  /** How long it has to be so: a Prometheus duration. @default at once */
  for?: string;
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

/** `or` binds weaker than a comparison, so that a sum of several operators needs brackets. */
const grouped = (expr: string) => (/ (or|and|unless|\+|-|\/|\*) /.test(expr) ? `(${expr})` : expr);
