import { RESTARTS } from "../thresholds.ts";
import { above, absentAfterStart, type Rule } from "./rule.ts";

/** The parts that run and watch everything else. */
export const platformRules: readonly Rule[] = [
  {
    name: "TargetDown",
    category: "infrastructure",
    severity: "warning",
    expr: "up == 0",
    for: "2m",
    summary: "{{ $labels.job }} {{ $labels.pod }} is not scraped",
    description: "It is away, or its metrics are: no alert about it can fire.",
    dashboard: { uid: "telemetry", panel: "Targets Down" },
  },
  {
    name: "PodRestarts",
    category: "infrastructure",
    severity: "warning",
    expr: above("sum by (pod, container) (increase(kube_pod_container_status_restarts_total[10m]))", RESTARTS),
    summary: "{{ $labels.container }} of {{ $labels.pod }} was restarted {{ $value | humanize }} times in ten minutes",
    description: "It ends again and again: out of memory, a wrong setting, or a probe that fails.",
    dashboard: { uid: "use", panel: "Restarts" },
  },
  {
    name: "RedisDown",
    category: "database",
    severity: "critical",
    expr: absentAfterStart('redis_up{job="redis-state"} == 1'),
    for: "30s",
    summary: "No member of the state's Redis answers",
    description: "Log-ins, limits and live updates fall back to less, or fail.",
    dashboard: { uid: "redis", panel: "Members" },
  },
  {
    name: "RulesFail",
    category: "infrastructure",
    severity: "warning",
    expr: above("sum by (rule_group) (increase(prometheus_rule_evaluation_failures_total[5m]))", 0),
    summary: "Rules of {{ $labels.rule_group }} cannot be evaluated",
    description: "What they watch for would not be noticed.",
    dashboard: { uid: "telemetry", panel: "Rules That Failed" },
  },
  {
    name: "NotificationsFail",
    category: "infrastructure",
    severity: "warning",
    expr: above("sum by (integration) (increase(alertmanager_notifications_failed_total[10m]))", 0),
    summary: "{{ $labels.integration }} did not take {{ $value | humanize }} notifications in ten minutes",
    description: "Alertmanager tries again; the other receivers have them.",
    dashboard: { uid: "alerts", panel: "Notifications That Failed" },
  },
];
