import { BUILD_INFO } from "@media/service/metric-names";

/** Marks of a kind: where the query has samples, from the first of a run to its last. */
export interface Annotation {
  name: string;
  expr: string;
  /** Text of a mark; `{{label}}` is replaced. */
  title: string;
  color: string;
}

/** "Update dashboard" of the alert flow: each alert is drawn for as long as it fires. */
export const ALERTS_FIRED: Annotation = {
  name: "Alerts",
  expr: 'max by (alertname, severity) (ALERTS{alertstate="firing",severity!="heartbeat"})',
  title: "{{severity}}: {{alertname}}",
  color: "red",
};

export const DEPLOYS: Annotation = {
  name: "Deploys",
  expr: `(count by (version) (${BUILD_INFO}{job="api"}) unless count by (version) (${BUILD_INFO}{job="api"} offset 5m)) and on () (count(${BUILD_INFO}{job="api"} offset 5m) > 0)`,
  title: "deployed {{version}}",
  color: "#1c6dd0",
};

export const FAILOVERS: Annotation = {
  name: "Failovers",
  expr: "(max by (pod) (pg_replication_is_replica == 0) unless max by (pod) (pg_replication_is_replica offset 2m == 0)) and on () (max(pg_replication_is_replica offset 2m == 0) == 0)",
  title: "{{pod}} became primary",
  color: "#9c36b5",
};

export const ANNOTATIONS: readonly Annotation[] = [DEPLOYS, FAILOVERS, ALERTS_FIRED];
