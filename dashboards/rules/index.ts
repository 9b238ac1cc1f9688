import { remedyOf } from "@media/service/remedies";
import { stringify } from "yaml";
import { scalingRecordings } from "../library/scaling.ts";
import { type Recording, recordings } from "../library/signals.ts";
import { anomalyRules } from "./anomaly.ts";
import { applicationRules } from "./application.ts";
import { businessRules } from "./business.ts";
import { capacityRules } from "./capacity.ts";
import { databaseRules } from "./database.ts";
import { durabilityRules } from "./durability.ts";
import { infrastructureRules } from "./infrastructure.ts";
import { platformRules } from "./platform.ts";
import { realUserRules } from "./real-users.ts";
import { recoveryRules } from "./recovery.ts";
import { CATEGORIES, type Rule, SEVERITIES } from "./rule.ts";
import { securityRules } from "./security.ts";
import { sloRules } from "./slo.ts";
import { trendRules } from "./trend.ts";

export { type Rule, secondsOf } from "./rule.ts";

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
  ...recoveryRules,
  ...businessRules,
  ...platformRules,
  ...durabilityRules,
  ...capacityRules,
  ...sloRules,
  ...realUserRules,
  ...anomalyRules,
  ...trendRules,
  ...securityRules,
  WATCHDOG,
];

/** Where runbooks and dashboards are found, for the links of an alert. */
export interface Places {
  /** @default the repository's own paths */
  runbooks?: string;
  /** @default the path below the dashboard server */
  dashboards?: string;
}

export interface RulesOptions extends Places {
  /** How long Prometheus keeps its data: baselines look back as far. @default eight days, the smallest tier's */
  retentionHours?: number;
}

const SMALLEST_RETENTION_HOURS = 192;
/** What is recorded changes slowly. */
const RECORDED_EVERY = "1m";

/** The rule file that Prometheus loads. A severity without a route is an error: its alert would reach no receiver. */
export function rulesYaml(all: readonly Rule[] = rules, options: RulesOptions = {}): string {
  const { retentionHours = SMALLEST_RETENTION_HOURS } = options;
  const routed: readonly string[] = [...SEVERITIES, "heartbeat"];
  for (const { name, severity } of all) {
    if (!routed.includes(severity))
      throw new Error(`rule ${name}: no route takes severity "${severity}"; take one of ${routed.join(", ")}`);
  }
  const groups = CATEGORIES.flatMap((category) =>
    ([undefined, "1m"] as const).map((every) => ({
      name: every ? `${category}-${every}` : category,
      ...(every ? { interval: every } : {}),
      rules: all
        .filter((rule) => rule.category === category && rule.every === every)
        .map((rule) => entry(rule, options)),
    })),
  );
  const recorded = [
    { name: "recorded", interval: RECORDED_EVERY, rules: recordings(retentionHours).map(recording) },
    { name: "scaling", rules: scalingRecordings.map(recording) },
  ];
  return stringify({ groups: [...recorded, ...groups.filter((group) => group.rules.length > 0)] }, { lineWidth: 0 });
}

function recording({ record, expr, labels }: Recording) {
  return { record, expr, ...(labels ? { labels } : {}) };
}

function entry(rule: Rule, { runbooks = "docs/runbooks", dashboards = "/d" }: Places) {
  const playbook = remedyOf(rule.name);
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
      ...(playbook ? { playbook } : {}),
    },
  };
}
