import { BUILD_INFO } from "@media/service/metric-names";
import type { Point, Result, Series } from "../results/result.ts";
import { TIERS } from "./tiers.ts";

/** Points of a series in a report at most. */
const POINTS = 240;
/** Rates need two scrapes; the stacks scrape each 10 or 15 s. */
const RATE_SECONDS = 45;
/** So long after the end, the last scrape of the run is in. */
export const SETTLE_SECONDS = 16;

interface Answered {
  readonly metric: Readonly<Record<string, string>>;
  readonly value?: readonly [number, string];
  readonly values?: readonly (readonly [number, string])[];
}

/** A Prometheus server, asked over HTTP. */
export class Prometheus {
  readonly #url: string;
  constructor(url: string) {
    this.#url = url.replace(/\/$/, "");
  }

  async query(query: string, at: Date): Promise<readonly Answered[]> {
    return this.#ask("query", { query, time: String(at.getTime() / 1_000) });
  }

  async range(query: string, from: Date, to: Date, stepSeconds: number): Promise<readonly Answered[]> {
    const [start, end] = [from, to].map((date) => String(date.getTime() / 1_000)) as [string, string];
    return this.#ask("query_range", { query, start, end, step: String(stepSeconds) });
  }

  async #ask(path: string, parameters: Record<string, string>): Promise<readonly Answered[]> {
    const url = `${this.#url}/api/v1/${path}?${new URLSearchParams(parameters)}`;
    const answer = await fetch(url, { signal: AbortSignal.timeout(15_000), redirect: "error" });
    const document = (await answer.json()) as { status: string; error?: string; data: { result: Answered[] } };
    if (document.status !== "success") throw new Error(`Prometheus refused ${parameters.query}: ${document.error}`);
    return document.data.result;
  }
}

/** What every tier used from one moment to another. A tier without a series is named, with the reason. */
export async function resourcesOf(
  prometheus: Prometheus,
  namespace: string,
  from: Date,
  to: Date,
): Promise<Result["resources"]> {
  const stepSeconds = Math.max(5, Math.ceil((to.getTime() - from.getTime()) / 1_000 / POINTS));
  const series: Series[] = [];
  const missing: string[] = [];
  for (const [tier, figures] of Object.entries(TIERS)) {
    const before = series.length;
    for (const { name, unit, query, by } of figures) {
      const filled = query.replaceAll("$ns", namespace).replaceAll("$w", `${RATE_SECONDS}s`);
      for (const { metric, values = [] } of await prometheus.range(filled, from, to, stepSeconds)) {
        const points = values.map(([at, value]): Point => ({ at, value: Number(value) })).filter(isFinitePoint);
        if (points.length > 0)
          series.push({ tier, name, unit, of: by.map((label) => metric[label] ?? "").join(" "), points });
      }
    }
    if (series.length === before) missing.push(`${tier}: Prometheus has no series of it`);
  }
  return { stepSeconds, series, missing };
}

const isFinitePoint = ({ value }: Point) => Number.isFinite(value);

/** The versions of the service that ran, by process. */
export async function serviceVersions(
  prometheus: Prometheus,
  namespace: string,
  at: Date,
): Promise<Record<string, string>> {
  const found = await prometheus.query(`${BUILD_INFO}{namespace="${namespace}"}`, at);
  return Object.fromEntries(found.map(({ metric }) => [metric.job ?? "service", metric.version ?? "unknown"]));
}
