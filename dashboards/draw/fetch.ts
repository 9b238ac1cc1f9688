import { SOURCES } from "../library/sources.ts";
import {
  duration,
  type Exemplar,
  type LogLine,
  type PanelData,
  PanelError,
  type PanelJson,
  type Range,
  type Series,
  type TargetJson,
} from "./model.ts";
import type { Picked } from "./variables.ts";

/** Addresses of the stack's data sources; in the page, of our own server, which passes questions on. */
export interface Addresses {
  prometheusUrl: string;
  lokiUrl: string;
  /** Prometheus of another stack, to compare with. @default none: what would be asked there is left out */
  otherPrometheusUrl?: string | undefined;
}

/** Answers a GET with JSON. A recorded one takes the place of the network in tests. */
export type Ask = (url: string) => Promise<unknown>;

export const askByHttp: Ask = async (url) => {
  const response = await fetch(url, { signal: AbortSignal.timeout(20_000) });
  const text = await response.text();
  if (!response.ok) throw new Error(`${response.status} from ${url.split("?")[0]}: ${text.slice(0, 300)}`);
  return JSON.parse(text);
};

/** Points that a line has at most. */
const POINTS = 240;
/** Four scrapes at the longest interval: a shorter window can be without two samples. */
const RATE_SECONDS = 60;

export const stepOf = ({ from, to }: Range) => Math.max(10, Math.ceil((to - from) / POINTS / 10) * 10);

/** Grafana's own variables and those of the board, replaced as it does. An unknown one is an error. */
export function interpolate(expr: string, range: Range, picked: Picked = {}): string {
  const step = stepOf(range);
  const text = expr
    .replaceAll("$__rate_interval", `${Math.max(RATE_SECONDS, step * 4)}s`)
    .replaceAll("$__interval", `${step}s`)
    .replaceAll("$__range", `${Math.round(range.to - range.from)}s`);
  return text.replaceAll(/\$(\w+)/g, (_, name: string) => {
    const value = picked[name];
    if (value === undefined) throw new Error(`variable "$${name}" is not known`);
    return value;
  });
}

/** Asks everything that a panel asks. What fails is shown in the panel, so that the others are still drawn. */
export async function fetchPanel(
  panel: PanelJson,
  range: Range,
  at: Addresses,
  ask: Ask,
  picked: Picked = {},
): Promise<PanelData> {
  const data: PanelData = { series: [], logs: [], exemplars: [] };
  const own = panel.timeFrom ? { from: range.to - duration(panel.timeFrom), to: range.to } : range;
  try {
    for (const target of panel.targets ?? []) {
      if (panel.type === "logs") data.logs.push(...(await fetchLogs(target, own, at, ask, picked)));
      else data.series.push(...(await fetchSeries(target, own, at, ask, picked)));
    }
    if (panel.type === "timeseries") data.exemplars = await fetchExemplars(panel, own, at, ask);
  } catch (error) {
    data.error = new PanelError(panel, (error as Error).message).message;
  }
  return data;
}

type Sample = { metric: Record<string, string>; value?: [number, string]; values?: [number, string][] };

async function fetchSeries(
  target: TargetJson,
  range: Range,
  at: Addresses,
  ask: Ask,
  picked: Picked,
): Promise<Series[]> {
  const base = target.datasource?.uid === SOURCES.other.uid ? at.otherPrometheusUrl : at.prometheusUrl;
  if (base === undefined) return [];
  const query = encodeURIComponent(interpolate(target.expr, range, picked));
  const url = target.instant
    ? `${base}/api/v1/query?query=${query}&time=${range.to}`
    : `${base}/api/v1/query_range?query=${query}&start=${range.from}&end=${range.to}&step=${stepOf(range)}`;
  const { data } = (await ask(url)) as { data: { result: Sample[] } };
  return data.result
    .map(({ metric, value, values }) => ({
      name: nameOf(target, metric),
      labels: metric,
      points: (values ?? (value ? [value] : [])).map(([time, text]): [number, number] => [time, Number(text)]),
    }))
    .sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
}

/** The series' name by its legend, or by its labels. */
export function nameOf({ legendFormat, refId }: TargetJson, labels: Record<string, string>): string {
  if (legendFormat) return legendFormat.replaceAll(/\{\{\s*(\w+)\s*\}\}/g, (_, label: string) => labels[label] ?? "");
  const rest = Object.entries(labels).filter(([name]) => name !== "__name__");
  return rest.length > 0 ? rest.map(([name, value]) => `${name}=${value}`).join(" ") : refId;
}

async function fetchLogs(
  target: TargetJson,
  range: Range,
  at: Addresses,
  ask: Ask,
  picked: Picked,
): Promise<LogLine[]> {
  const query = encodeURIComponent(interpolate(target.expr, range, picked));
  const limits = `start=${range.from}000000000&end=${range.to}000000000&limit=${target.maxLines ?? 50}&direction=backward`;
  const { data } = (await ask(`${at.lokiUrl}/loki/api/v1/query_range?query=${query}&${limits}`)) as {
    data: { result: { stream: Record<string, string>; values: [string, string][] }[] };
  };
  return data.result
    .flatMap(({ stream, values }) => values.map(([time, text]) => ({ time, labels: stream, text })))
    .sort((a, b) => (a.time < b.time ? 1 : a.time > b.time ? -1 : a.text < b.text ? -1 : 1));
}

/** Of the service's own histogram, which has them; the gateway's has none. */
const WITH_EXEMPLARS = "http_server_request_duration_seconds_bucket";

async function fetchExemplars(panel: PanelJson, range: Range, at: Addresses, ask: Ask): Promise<Exemplar[]> {
  if (!panel.targets?.some(({ expr }) => expr.includes("request_duration_seconds_bucket"))) return [];
  const url = `${at.prometheusUrl}/api/v1/query_exemplars?query=${WITH_EXEMPLARS}&start=${range.from}&end=${range.to}`;
  const { data } = (await ask(url)) as {
    data: { exemplars: { labels: Record<string, string>; value: string; timestamp: number }[] }[];
  };
  return data
    .flatMap(({ exemplars }) => exemplars)
    .map(({ labels, value, timestamp }) => ({ time: timestamp, value: Number(value), traceId: labels.trace_id ?? "" }))
    .sort((a, b) => b.value - a.value || a.time - b.time)
    .slice(0, 20);
}
