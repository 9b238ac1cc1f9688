import { stringify } from "yaml";
import { applicationRules } from "./application.ts";
import { businessRules } from "./business.ts";
import { databaseRules } from "./database.ts";
import { infrastructureRules } from "./infrastructure.ts";
import { CATEGORIES, type Rule, SEVERITIES } from "./rule.ts";

/** Always fires. When it stops coming, Prometheus, Alertmanager or the way between them is dead. */
const WATCHDOG: Rule = {
  name: "Watchdog",
  category: "watchdog",
  severity: "heartbeat",
  expr: "vector(1)",
  summary: "Alerts are on their way",
  description: "This alert always fires. When it is not heard, no other alert will be.",
  dashboard: { uid: "real-time", panel: "Active Alerts" },
};

/** Every alert of the platform. */
export const rules: readonly Rule[] = [
  ...infrastructureRules,
  ...applicationRules,
  ...databaseRules,
  ...businessRules,
  WATCHDOG,
];

/** Where runbooks and dashboards are found, for the links of an alert. */
export interface Places {
  /** @default the repository's own paths */
  runbooks?: string;
  /** @default the path below the dashboard server */
  dashboards?: string;
}

/** The rule file that Prometheus loads. A severity without a route is an error: its alert would reach no receiver. */
export function rulesYaml(all: readonly Rule[] = rules, places: Places = {}): string {
  const routed: readonly string[] = [...SEVERITIES, "heartbeat"];
  for (const { name, severity } of all) {
    if (!routed.includes(severity))
      throw new Error(`rule ${name}: no route takes severity "${severity}"; take one of ${routed.join(", ")}`);
  }
  const groups = CATEGORIES.map((category) => ({
    name: category,
    rules: all.filter((rule) => rule.category === category).map((rule) => entry(rule, places)),
  }));
  return stringify({ groups: groups.filter((group) => group.rules.length > 0) }, { lineWidth: 0 });
}

function entry(rule: Rule, { runbooks = "docs/runbooks", dashboards = "/d" }: Places) {
  return {
    alert: rule.name,
    expr: rule.expr,
    ...(rule.for ? { for: rule.for } : {}),
    labels: { severity: rule.severity, category: rule.category },
    annotations: {
      summary: rule.summary,
      description: rule.description,
      runbook_url: `${runbooks}/${rule.name}.md`,
      dashboard_url: `${dashboards}/${rule.dashboard.uid}`,
    },
  };
}
