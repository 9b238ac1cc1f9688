import type { Database } from "../data/postgres/database.ts";
import type { Attempt, Incident } from "../model/incidents.ts";
import type { Logger } from "../observability/log.ts";
import type { Metrics } from "../observability/metrics/metrics.ts";
import type { CacheAccess } from "./sources/cache.ts";
import type { Kubernetes } from "./sources/kubernetes.ts";
import type { Operations } from "./sources/operations.ts";
import type { Alertmanager, Jaeger, Loki } from "./sources/others.ts";
import type { PagerDuty } from "./sources/pagerduty.ts";
import type { Prometheus } from "./sources/prometheus.ts";

/** What may be changed without a new release. */
export interface Settings {
  namespace: string;
  /** `dry-run`: playbooks say what they would do, and do nothing. */
  automation: "on" | "dry-run";
  /** Minutes after an escalation at which the next level is told, while no person has acknowledged it. */
  escalationMinutes: readonly number[];
  /** Minutes that an incident without a playbook waits for a person before it is escalated. */
  reviewMinutes: number;
  /** Playbooks leave alone what is younger, in seconds. */
  limits: { idle: number; runaway: number };
  /** For how long an expression must have no sample at least: a scrape and an evaluation. */
  quietSeconds: number;
  /** Most replicas that the scale-out may set, by Deployment. */
  scaleOutMost: Readonly<Record<string, number>>;
  /** GiB to which volumes may be expanded at most, by the StatefulSet whose members have them. */
  volumeMostGi: Readonly<Record<string, number>>;
}

/** What the steps of an incident need. */
export interface Deps {
  database: Database;
  operations: Operations;
  prometheus: Prometheus;
  loki: Loki;
  jaeger: Jaeger;
  alertmanager: Alertmanager;
  /** @default none: it is not told of acknowledgements */
  pagerDuty?: PagerDuty | undefined;
  kubernetes: Kubernetes;
  cache: CacheAccess;
  settings: Settings;
  log: Logger;
  metrics: Metrics;
  now(): Date;
  /** Counts an incident that comes to its end. */
  observeClosed(incident: Incident, attempts: readonly Attempt[]): void;
}
