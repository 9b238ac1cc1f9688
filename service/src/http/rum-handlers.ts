import type { Metrics } from "../observability/metrics/metrics.ts";
import { recordTimings } from "../observability/metrics/page-timings.ts";
import type { Handlers } from "./mount.ts";
import { empty } from "./reply.ts";

/** Real user monitoring: timings that browsers report. */
export function rumHandlers({ metrics }: { metrics: Metrics }) {
  return {
    reportTimings: ({ body }) => {
      recordTimings(metrics, body);
      return empty();
    },
  } satisfies Partial<Handlers>;
}
