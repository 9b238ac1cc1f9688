import { HTTP_REQUEST_DURATION_SECONDS, QUEUE_OLDEST_JOB_AGE_SECONDS } from "@media/service/metric-names";
import type { Recording } from "./signals.ts";

/** Names by which autoscalers ask for what is recorded here; in Prometheus each begins with "media:". */
export const SCALING_FIGURES = {
  /** Requests per second to all pods of a workload together. */
  requests: "workload_requests_per_second",
  /** Seconds that the oldest job that is due has been so. */
  queueAge: "workload_queue_age_seconds",
} as const;

/** As long as four scrapes of the slowest tier, so that one that is missing leaves a figure. */
const WINDOW = "1m";
const RESPONSES = "gateway_http_responses_total";

/**
 * Zero where pods are scraped and count nothing yet; nothing where none is scraped, so that silence is never taken for the
 * absence of load.
 */
const rateOf = (counter: string, job: string) =>
  `sum by (namespace) (rate(${counter}[${WINDOW}])) or 0 * count by (namespace) (up{job="${job}"} == 1)`;

const requestsOf = (workload: string, expr: string): Recording => ({
  record: `media:${SCALING_FIGURES.requests}`,
  expr,
  labels: { workload },
  has: ["workload"],
});

/** What autoscalers follow, as often as Prometheus scrapes. */
export const scalingRecordings: readonly Recording[] = [
  requestsOf("api", rateOf(`${HTTP_REQUEST_DURATION_SECONDS}_count{job="api"}`, "api")),
  requestsOf("gateway", rateOf(RESPONSES, "gateway")),
  // The front end has no metrics of its own. Scripts that the gateway had kept are among them.
  requestsOf("web", rateOf(`${RESPONSES}{source="web"}`, "gateway")),
  {
    record: `media:${SCALING_FIGURES.queueAge}`,
    expr: `max by (namespace) (${QUEUE_OLDEST_JOB_AGE_SECONDS})`,
    labels: { workload: "worker" },
    has: ["workload"],
  },
];
