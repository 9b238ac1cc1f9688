/**
 * Prometheus' text format out of OpenMetrics, for tools and people that do not ask for the latter: families of counters
 * carry `_total` in their own name there, and exemplars and the end mark do not exist. prom-client itself cannot give
 * both from one registry: rendering the one renames the counters for the other.
 */
export function toPlainText(openMetrics: string): string {
  return openMetrics
    .replace(/^# HELP (\S+) (.*)\n# TYPE \1 counter$/gm, "# HELP $1_total $2\n# TYPE $1_total counter")
    .replace(/^([^#\n].*?) # \{.*$/gm, "$1")
    .replace(/^# EOF\n/m, "");
}

export const PLAIN_TEXT = "text/plain; version=0.0.4; charset=utf-8";

/** Whether a scraper's `Accept` header asks for OpenMetrics. */
export function wantsOpenMetrics(accept: string | undefined): boolean {
  return /\bapplication\/openmetrics-text\b/.test(accept ?? "");
}
