import {
  CIRCUIT_STATE,
  PG_POOL_CONNECTIONS,
  PG_RECENT_QUERY_MEAN_SECONDS,
  QUEUE_OLDEST_JOB_AGE_SECONDS,
} from "../observability/metrics/names.ts";

/** A figure that is asked at the incident's start, ten minutes before it, and now. */
export interface Figure {
  title: string;
  unit: string;
  query: string;
}

/** A list of what has changed or is not as usual: one line for each sample. `{{namespace}}` is the stack's. */
export interface Listing {
  title: string;
  query: string;
}

const USERS: readonly Figure[] = [
  { title: "answers", unit: "per second", query: "sum(rate(gateway_http_responses_total[1m]))" },
  {
    title: "answers that are errors",
    unit: "share",
    query:
      '(sum(rate(gateway_http_responses_total{status=~"5.."}[1m])) or vector(0)) / sum(rate(gateway_http_responses_total[1m]))',
  },
  {
    title: "95 of 100 answers take no longer",
    unit: "s",
    query: "histogram_quantile(0.95, sum by (le) (rate(gateway_http_request_duration_seconds_bucket[1m])))",
  },
];

const DATABASE: readonly Figure[] = [
  {
    title: "longest transaction that does nothing",
    unit: "s",
    query: 'max(pg_stat_activity_max_tx_duration{state=~"idle in transaction.*"})',
  },
  { title: "longest statement", unit: "s", query: 'max(pg_stat_activity_max_tx_duration{state="active"})' },
  { title: "sessions of PostgreSQL", unit: "", query: "sum(pg_stat_activity_count)" },
  { title: "callers that wait for a connection", unit: "", query: `sum(${PG_POOL_CONNECTIONS}{state="waiting"})` },
  { title: "mean of the last 100 statements", unit: "s", query: `max(${PG_RECENT_QUERY_MEAN_SECONDS})` },
];

const MACHINE: readonly Figure[] = [
  {
    title: "cores at work",
    unit: "share",
    query: 'max(1 - avg by (instance) (rate(node_cpu_seconds_total{mode="idle"}[1m])))',
  },
  {
    title: "memory in use",
    unit: "share",
    query:
      "max(1 - sum by (instance) (node_memory_MemAvailable_bytes) / sum by (instance) (node_memory_MemTotal_bytes))",
  },
];

const QUEUES: readonly Figure[] = [
  { title: "oldest job that is due", unit: "s", query: `max(${QUEUE_OLDEST_JOB_AGE_SECONDS})` },
];

/** What is asked first, by the alert's category; what users feel is asked always. */
const FIGURES: Readonly<Record<string, readonly Figure[]>> = {
  database: DATABASE,
  infrastructure: MACHINE,
  application: [...DATABASE, ...MACHINE],
  business: QUEUES,
};

export function figuresFor(category: string): readonly Figure[] {
  return [...USERS, ...(FIGURES[category] ?? [])];
}

export const LISTINGS: readonly Listing[] = [
  {
    title: "Deployments that were changed in the last hour",
    query: 'changes(kube_deployment_status_observed_generation{namespace="{{namespace}}"}[1h]) > 0',
  },
  {
    title: "Containers that were restarted in the last hour",
    query: 'increase(kube_pod_container_status_restarts_total{namespace="{{namespace}}"}[1h]) > 0',
  },
  {
    title: "Members of PostgreSQL that changed their role in the last hour",
    query: "changes(pg_replication_is_replica[1h]) > 0",
  },
  { title: "Breakers that are open", query: `${CIRCUIT_STATE} > 0` },
  { title: "Other alerts that fire", query: 'ALERTS{alertstate="firing",severity!="heartbeat"}' },
];

/** Whose log lines are read where the alert names no pod: names of containers, as Loki has them. */
export const LOGS_OF: Readonly<Record<string, string>> = {
  database: "postgres|pgbouncer|api|worker",
  application: "api|gateway|worker",
  business: "worker|api",
  infrastructure: "api|worker|postgres",
};

/** Whose traces are looked at. */
export const TRACES_OF: Readonly<Record<string, string>> = { business: "media-worker" };
