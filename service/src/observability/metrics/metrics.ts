import { performance } from "node:perf_hooks";
import { Counter, collectDefaultMetrics, Gauge, Histogram, type OpenMetricsContentType, Registry } from "prom-client";
import { currentTrace } from "../tracing.ts";
import * as names from "./names.ts";
import { SHIFT_BUCKETS, VITAL_BUCKETS_SECONDS } from "./page-timings.ts";

type Labelled = keyof typeof names.LABELS;
type Label<N extends Labelled> = (typeof names.LABELS)[N][number];
type LabelValues<N extends Labelled> = Record<Label<N>, string>;

/** The metrics of one process. A registry of its own, so that two can live in one test. */
export function createMetrics(version: string) {
  // Exemplars exist in the OpenMetrics format only.
  const registry = new Registry<OpenMetricsContentType>();
  registry.setContentType(Registry.OPENMETRICS_CONTENT_TYPE);
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  for (const name of MISNAMED) registry.removeSingleMetric(name);

  const counter = <N extends Labelled>(name: N, help: string) => {
    const metric = new Counter({ name, help, labelNames: [...names.LABELS[name]] as string[], registers });
    return (labels: LabelValues<N>, by = 1) => metric.inc(labels, by);
  };
  /** Begins at 0 for each of the labels: a series that comes with its first event has no increase that a rule could see. */
  const rareCounter = <N extends Labelled>(name: N, help: string, all: readonly LabelValues<N>[]) => {
    const count = counter(name, help);
    for (const labels of all) count(labels, 0);
    return count;
  };
  const gauge = <N extends Labelled>(
    name: N,
    help: string,
    collect?: (set: (labels: LabelValues<N>, value: number) => void) => void,
  ) =>
    new Gauge({
      name,
      help,
      labelNames: [...names.LABELS[name]] as string[],
      registers,
      ...(collect && {
        collect() {
          // What is not set this time is not shown: without labels a reset would show 0.
          if (names.LABELS[name].length === 0) this.remove();
          else this.reset();
          collect((labels, value) => this.set(labels, value));
        },
      }),
    });
  const histogram = <N extends Labelled>(
    name: N,
    help: string,
    buckets: readonly number[] = names.DURATION_BUCKETS_SECONDS,
  ) => {
    const labelNames = [...names.LABELS[name]] as string[];
    const metric = new Histogram({ name, help, labelNames, buckets: [...buckets], registers, enableExemplars: true });
    /** The exemplar leads to the active trace unless another, or none, is given. */
    return (labels: LabelValues<N>, value: number, traceId: string | null = activeTrace()) =>
      metric.observe({ labels, value, ...(traceId !== null && { exemplarLabels: { trace_id: traceId } }) });
  };

  const circuits = new Map<string, () => number>();
  gauge(names.CIRCUIT_STATE, "State of a dependency's circuit: 0 closed, 1 half open, 2 open.", (set) => {
    for (const [dependency, state] of circuits) set({ dependency }, state());
  });
  watchEventLoop(registers);
  gauge(names.BUILD_INFO, "The version that runs; always 1.").set({ version }, 1);
  return {
    registry,
    httpRequest: histogram(names.HTTP_REQUEST_DURATION_SECONDS, "Seconds from the request's head to the answer's end."),
    error: counter(names.ERRORS_TOTAL, "Problems answered and jobs failed."),
    errorReport: counter(names.ERROR_REPORTS_TOTAL, "Errors by class and whether their group was stored."),
    errorGroup: rareCounter(names.ERROR_GROUPS_TOTAL, "Groups of errors that are new, or came again after their end.", [
      { change: "new" },
      { change: "regressed" },
    ]),
    idempotency: counter(names.IDEMPOTENCY_KEYS_TOTAL, "POSTs with an Idempotency-Key by what became of them."),
    login: counter(names.LOGINS_TOTAL, "Tries to sign in by outcome."),
    suspiciousClient: rareCounter(
      names.SUSPICIOUS_CLIENTS_TOTAL,
      "Clients that did in a minute what no ordinary one does.",
      [{ pattern: "errors" }, { pattern: "bulk-read" }],
    ),
    watchCircuit: (dependency: string, state: () => number) => void circuits.set(dependency, state),
    retry: counter(names.RETRIES_TOTAL, "Second and later tries of a call."),
    fallback: counter(names.FALLBACKS_TOTAL, "Answers looked for elsewhere."),
    backgroundFailure: counter(names.BACKGROUND_FAILURES_TOTAL, "Failures of background tasks, by task."),
    requestCreated: counter(names.REQUESTS_CREATED_TOTAL, "Requests for media stored together with their job."),
    requestDelivered: counter(names.REQUESTS_DELIVERED_TOTAL, "Requests that went to available."),
    downloadEnded: counter(names.DOWNLOADS_ENDED_TOTAL, "Downloads that came to an end."),
    socketConnected: counter(names.SOCKET_CONNECTIONS_TOTAL, "Socket.IO connections accepted."),
    socketRefused: counter(names.SOCKET_REFUSALS_TOTAL, "Socket.IO connections refused or ended, by code."),
    socketEvents: counter(names.SOCKET_EVENTS_TOTAL, "Events sent to clients, one for each client."),
    updatePublished: counter(names.UPDATES_PUBLISHED_TOTAL, "Live updates handed to Redis."),
    job: histogram(names.JOB_DURATION_SECONDS, "Seconds from taking a job to its end."),
    upstream: histogram(names.UPSTREAM_REQUEST_DURATION_SECONDS, "Seconds of one call to an upstream."),
    cacheLookup: counter(names.CACHE_LOOKUPS_TOTAL, "Look-ups in the cache by result."),
    upstreamCacheLookup: counter(
      names.ANSWER_LOOKUPS_TOTAL,
      "Look-ups in the cache of upstreams' answers, by kind and result.",
    ),
    shed: counter(names.ADMISSION_SHED_TOTAL, "Requests refused for overload, by priority."),
    rateLimit: counter(names.RATE_LIMIT_DECISIONS_TOTAL, "Decisions of the rate limit by store."),
    webVital: histogram(names.WEB_VITAL_SECONDS, "Web vitals in browsers, in seconds.", VITAL_BUCKETS_SECONDS),
    layoutShift: histogram(names.LAYOUT_SHIFT, "Cumulative layout shift in browsers.", SHIFT_BUCKETS),
    navigationPhase: histogram(names.NAVIGATION_PHASE_SECONDS, "Phases of loading a page in browsers, in seconds."),
    featureUsed: counter(names.FEATURE_USES_TOTAL, "Calls that did what they were asked, by operation."),
    paymentEvent: counter(names.PAYMENT_EVENTS_TOTAL, "Events of the payment provider by type and outcome."),
    activityDropped: counter(names.ACTIVITY_DROPPED_TOTAL, "People not noted as active."),
    poolWait: histogram(names.PG_POOL_WAIT_SECONDS, "Seconds until a caller of a pool had its connection."),
    query: histogram(names.PG_QUERY_DURATION_SECONDS, "Seconds of a named statement or transaction."),
    slowQuery: counter(names.PG_SLOW_QUERIES_TOTAL, "Named statements and transactions that took too long."),
    notification: counter(names.ALERT_NOTIFICATIONS_TOTAL, "Notifications of Alertmanager, by what became of them."),
    incidentOpened: counter(names.INCIDENTS_OPENED_TOTAL, "Incidents that were opened, by the alert that did."),
    incidentClosed: counter(names.INCIDENTS_CLOSED_TOTAL, "Incidents that were closed, and by whom."),
    incidentPhase: histogram(
      names.INCIDENT_PHASE_SECONDS,
      "Seconds that the phases of an incident took.",
      names.INCIDENT_BUCKETS_SECONDS,
    ),
    playbookRun: counter(names.PLAYBOOK_RUNS_TOTAL, "Tries of playbooks, by outcome."),
    /** Gauges are read when they are scraped. */
    gauge,
  };
}

export type Metrics = ReturnType<typeof createMetrics>;

/** prom-client calls these gauges `_total`, which belongs to counters; the same by kind is in nodejs_active_resources. */
const MISNAMED = ["nodejs_active_handles_total", "nodejs_active_requests_total", "nodejs_active_resources_total"];

/** As counters, so that the utilisation of any span of time can be asked for, by any number of scrapers. */
function watchEventLoop(registers: Registry<OpenMetricsContentType>[]): void {
  new Counter({
    name: names.EVENT_LOOP_SECONDS_TOTAL,
    help: "Seconds that the event loop was active and idle.",
    labelNames: [...names.LABELS[names.EVENT_LOOP_SECONDS_TOTAL]],
    registers,
    collect() {
      const { active, idle } = performance.eventLoopUtilization();
      this.reset();
      this.inc({ state: "active" }, active / 1_000);
      this.inc({ state: "idle" }, idle / 1_000);
    },
  });
}

/** Only a sampled trace can be opened: an exemplar of any other would dangle. */
function activeTrace(): string | null {
  const trace = currentTrace();
  return trace?.sampled ? trace.traceId : null;
}
