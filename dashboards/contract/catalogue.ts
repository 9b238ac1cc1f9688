import { readFileSync } from "node:fs";
import { LABELS } from "@media/service/metric-names";
import { readingsOf } from "./promql.ts";

/** Metric to its labels. */
export type Catalogue = ReadonlyMap<string, ReadonlySet<string>>;

/** What Prometheus and Alertmanager add to every series, or make by themselves. */
const TARGET_LABELS = ["job", "instance", "namespace", "pod", "component", "stack"];
const OWN: Record<string, string[]> = {
  ALERTS: ["alertname", "alertstate", "severity", "category"],
  ALERTS_FOR_STATE: ["alertname", "severity", "category"],
};

const FILE = new URL("../catalogue.json", import.meta.url);

/** The recorded scrape, the service's own metrics (some have no series before their first event), and Prometheus' own. */
export function readCatalogue(file: URL = FILE): Catalogue {
  const recorded = JSON.parse(readFileSync(file, "utf8")) as Record<string, string>;
  const known = new Map<string, Set<string>>();
  const add = (metric: string, labels: readonly string[]) => {
    const set = known.get(metric) ?? new Set(TARGET_LABELS);
    for (const label of labels) set.add(label);
    known.set(metric, set);
  };
  for (const [metric, labels] of Object.entries(recorded)) add(metric, labels.split(" ").filter(Boolean));
  for (const [metric, labels] of Object.entries(LABELS)) {
    if (!metric.endsWith("_seconds") || known.has(metric)) add(metric, labels);
    if (known.has(`${metric}_bucket`)) add(`${metric}_bucket`, [...labels, "le"]);
  }
  for (const [metric, labels] of Object.entries(OWN)) add(metric, labels);
  return known;
}

/** Each problem of an expression, with the place that it was written at. */
export function problemsOf(place: string, expr: string, catalogue: Catalogue): string[] {
  try {
    return readingsOf(expr).flatMap(({ metric, labels }) => {
      const known = catalogue.get(metric);
      if (!known) return [`${place}: metric "${metric}" is in no scrape; record one with: make catalogue`];
      return labels
        .filter((label) => !known.has(label))
        .map((label) => `${place}: metric "${metric}" has no label "${label}"; it has ${[...known].sort().join(", ")}`);
    });
  } catch (error) {
    return [`${place}: ${(error as Error).message}`];
  }
}

type Series = Record<string, string>;

/** Asks a running Prometheus for every series of the last hour: name, and labels without their values. */
export async function recordCatalogue(prometheusUrl: string): Promise<Record<string, string>> {
  const names = await ask<string[]>(`${prometheusUrl}/api/v1/label/__name__/values`);
  const catalogue: Record<string, string> = {};
  for (const name of names.sort()) {
    if (name in OWN) continue;
    const match = encodeURIComponent(`{__name__="${name}"}`);
    const start = Math.floor(Date.now() / 1000) - 3600;
    const series = await ask<Series[]>(`${prometheusUrl}/api/v1/series?match[]=${match}&start=${start}`);
    const labels = new Set(series.flatMap((one) => Object.keys(one)));
    labels.delete("__name__");
    for (const label of TARGET_LABELS) labels.delete(label);
    catalogue[name] = [...labels].sort().join(" ");
  }
  return catalogue;
}

async function ask<T>(url: string): Promise<T> {
  const answer = await fetch(url, { signal: AbortSignal.timeout(30_000) });
  if (!answer.ok) throw new Error(`${answer.status} from ${url}`);
  return ((await answer.json()) as { data: T }).data;
}
