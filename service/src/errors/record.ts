import type { Logger } from "../observability/log.ts";
import type { Metrics } from "../observability/metrics/metrics.ts";
import { CATALOGUE } from "./catalogue.ts";
import type { Problem } from "./problem.ts";
import type { ErrorReports } from "./reports.ts";

export interface Monitors {
  log: Logger;
  metrics: Metrics;
  /** Where errors are remembered by group; the doubles have none. */
  reports?: ErrorReports;
}

/**
 * Logs, counts and reports an error. Called where it ends (an answer, a failed job) and nowhere on its way there, so
 * that one error is one line and one count. Ours come with their trace; what the caller did wrong does not need one.
 */
export function recordProblem(problem: Problem, monitors: Monitors, message: string, about: object = {}): void {
  const { class: kind, layer, source } = CATALOGUE[problem.code];
  const labels = { code: problem.code, class: kind, layer, source };
  monitors.metrics.error(labels);
  monitors.reports?.report(problem);
  if (kind === "system") monitors.log.error({ ...about, ...labels, err: problem.cause ?? problem }, message);
  else monitors.log.info({ ...about, ...labels, detail: problem.detail }, message);
}
