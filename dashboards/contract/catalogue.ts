import { readFileSync } from "node:fs";
import * as names from "@media/service/metric-names";
import { scalingRecordings } from "../library/scaling.ts";
import { recordings } from "../library/signals.ts";
import { readingsOf } from "./promql.ts";

/** The names do not depend on it. */
const ANY_RETENTION_HOURS = 720;

/** Metric to its labels. */
export type Catalogue = ReadonlyMap<string, ReadonlySet<string>>;

/** What Prometheus and Alertmanager add to every series, or make by themselves. */
const TARGET_LABELS = ["job", "instance", "namespace", "pod", "component", "stack"];
const OWN: Record<string, string[]> = {
  ALERTS: ["alertname", "alertstate", "severity", "category"],
  ALERTS_FOR_STATE: ["alertname", "severity", "category"],
};

/** Metrics of the service that are histograms: only their parts are series. */
const HISTOGRAMS: readonly string[] = [
  names.HTTP_REQUEST_DURATION_SECONDS,
  names.JOB_DURATION_SECONDS,
  names.UPSTREAM_REQUEST_DURATION_SECONDS,
  names.WEB_VITAL_SECONDS,
  names.LAYOUT_SHIFT,
  names.NAVIGATION_PHASE_SECONDS,
  names.PG_POOL_WAIT_SECONDS,
  names.PG_QUERY_DURATION_SECONDS,
  names.INCIDENT_PHASE_SECONDS,
];

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
  for (const [metric, labels] of Object.entries(names.LABELS)) {
    if (!HISTOGRAMS.includes(metric)) add(metric, labels);
    else {
      add(`${metric}_bucket`, [...labels, "le"]);
      for (const part of ["_count", "_sum"]) add(`${metric}${part}`, labels);
    }
  }
  for (const [metric, labels] of Object.entries(OWN)) add(metric, labels);
  for (const { record, has } of [...recordings(ANY_RETENTION_HOURS), ...scalingRecordings]) add(record, has);
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
  const found = await ask<string[]>(`${prometheusUrl}/api/v1/label/__name__/values`);
  const catalogue: Record<string, string> = {};
  for (const name of found.sort()) {
    if (name in OWN || name.includes(":")) continue;
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
