import type { Logger } from "../log.ts";
import type { Metrics } from "../metrics/metrics.ts";
import { CATALOGUE } from "./catalogue.ts";
import type { Problem } from "./problem.ts";

export interface Monitors {
  log: Logger;
  metrics: Metrics;
}

/**
 * Logs and counts an error. Called where it ends (an answer, a failed job) and nowhere on its way there, so that one
 * error is one line and one count. Ours come with their trace; what the caller did wrong does not need one.
 */
export function recordProblem(problem: Problem, { log, metrics }: Monitors, message: string, about: object = {}): void {
  const { class: kind, layer, source } = CATALOGUE[problem.code];
  const labels = { code: problem.code, class: kind, layer, source };
  metrics.error(labels);
  if (kind === "system") log.error({ ...about, ...labels, err: problem.cause ?? problem }, message);
  else log.info({ ...about, ...labels, detail: problem.detail }, message);
}
