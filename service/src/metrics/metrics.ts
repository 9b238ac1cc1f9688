import { Counter, collectDefaultMetrics, Gauge, Histogram, type OpenMetricsContentType, Registry } from "prom-client";
import { currentTrace } from "../telemetry.ts";
import * as names from "./names.ts";

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

  const counter = <N extends Labelled>(name: N, help: string) => {
    const metric = new Counter({ name, help, labelNames: [...names.LABELS[name]] as string[], registers });
    return (labels: LabelValues<N>) => metric.inc(labels);
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
          collect((labels, value) => this.set(labels, value));
        },
      }),
    });
  const histogram = <N extends Labelled>(name: N, help: string) => {
    const labelNames = [...names.LABELS[name]] as string[];
    const buckets = [...names.DURATION_BUCKETS_SECONDS];
    const metric = new Histogram({ name, help, labelNames, buckets, enableExemplars: true, registers });
    return (labels: LabelValues<N>, value: number) => metric.observe({ labels, value, exemplarLabels: exemplar() });
  };

  const circuits = new Map<string, () => number>();
  gauge(names.CIRCUIT_STATE, "State of a dependency's circuit: 0 closed, 1 half open, 2 open.", (set) => {
    for (const [dependency, state] of circuits) set({ dependency }, state());
  });
  gauge(names.BUILD_INFO, "The version that runs; always 1.").set({ version }, 1);
  return {
    registry,
    httpRequest: histogram(names.HTTP_REQUEST_DURATION_SECONDS, "Seconds from the request's head to the answer's end."),
    error: counter(names.ERRORS_TOTAL, "Problems answered and jobs failed."),
    idempotency: counter(names.IDEMPOTENCY_KEYS_TOTAL, "POSTs with an Idempotency-Key by what became of them."),
    login: counter(names.LOGINS_TOTAL, "Tries to sign in by outcome."),
    watchCircuit: (dependency: string, state: () => number) => void circuits.set(dependency, state),
    retry: counter(names.RETRIES_TOTAL, "Second and later tries of a call."),
    fallback: counter(names.FALLBACKS_TOTAL, "Answers looked for elsewhere."),
    requestCreated: counter(names.REQUESTS_CREATED_TOTAL, "Requests for media stored together with their job."),
    requestDelivered: counter(names.REQUESTS_DELIVERED_TOTAL, "Requests that went to available."),
    job: histogram(names.JOB_DURATION_SECONDS, "Seconds from taking a job to its end."),
    upstream: histogram(names.UPSTREAM_REQUEST_DURATION_SECONDS, "Seconds of one call to an outside service."),
    cacheLookup: counter(names.CACHE_LOOKUPS_TOTAL, "Look-ups in the cache by result."),
    answerLookup: counter(names.ANSWER_LOOKUPS_TOTAL, "Look-ups of outside services' answers by kind and result."),
    shed: counter(names.ADMISSION_SHED_TOTAL, "Requests refused for overload, by priority."),
    rateLimit: counter(names.RATE_LIMIT_DECISIONS_TOTAL, "Decisions of the rate limit by store."),
    /** Gauges are read when they are scraped. */
    gauge,
  };
}

export type Metrics = ReturnType<typeof createMetrics>;

/** Only a sampled trace can be opened: an exemplar of any other would dangle. */
function exemplar(): Record<string, string> {
  const trace = currentTrace();
  return trace?.sampled ? { trace_id: trace.traceId } : {};
}
