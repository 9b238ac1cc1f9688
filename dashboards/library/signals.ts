import { ANOMALY_DEVIATIONS, ANOMALY_SHARE, BASELINE_DAYS } from "../thresholds.ts";
import * as q from "./queries.ts";

/** A signal of which the usual course over a day is known. */
export interface Signal {
  title: string;
  unit: string;
  expr: string;
}

export const SIGNALS = {
  answers: { title: "Traffic", unit: "reqps", expr: q.answersPerSecond("5m") },
  response: { title: "Response Time", unit: "s", expr: q.responseQuantile(0.95, "5m") },
  requests: { title: "Requests for Media per Hour", unit: "short", expr: q.requestsCreated("1h") },
  egress: { title: "Egress", unit: "Bps", expr: q.bytesSent("5m") },
} as const satisfies Record<string, Signal>;

export type SignalName = keyof typeof SIGNALS;

/** A series that Prometheus computes from others and keeps. */
export interface Recording {
  record: string;
  expr: string;
  labels?: Readonly<Record<string, string>>;
  /** Labels of the series, for the contract. */
  has: readonly string[];
}

const named = (record: string, name: SignalName) => `${record}{signal="${name}"}`;
export const signal = (name: SignalName) => named("media:signal", name);
export const median = (name: SignalName) => named("media:signal_median", name);
export const mad = (name: SignalName) => named("media:signal_mad", name);
/** Days of data at this hour. */
export const seasonCount = (name: SignalName) => named("media:signal_seasons", name);

/** MAD of a normal distribution, as a share of its standard deviation, is 1 / 1.4826. */
const distance = (name: SignalName) =>
  `${round(1.4826 * ANOMALY_DEVIATIONS)} * ${mad(name)} + ${ANOMALY_SHARE} * ${median(name)}`;
const round = (value: number) => Number(value.toFixed(4));
export const upperBound = (name: SignalName) => `${median(name)} + ${distance(name)}`;
export const lowerBound = (name: SignalName) => `clamp_min(${median(name)} - (${distance(name)}), 0)`;
export const hasBaseline = (name: SignalName) => `${seasonCount(name)} >= ${BASELINE_DAYS}`;

/** What the rules look back at most: a week, and the six hours that are compared. */
const LOOKS_BACK_HOURS = 7 * 24 + 6;

/** Days that the retention holds, seven at most. Too few are an error: the rules would never have a baseline. */
export function seasonDays(retentionHours: number): number {
  if (retentionHours < LOOKS_BACK_HOURS)
    throw new Error(
      `prometheus.retentionHours is ${retentionHours}; trends and anomalies look back ${LOOKS_BACK_HOURS} hours`,
    );
  return Math.min(7, Math.floor((retentionHours - 1) / 24));
}

/** The signals, and of the same hour of each day before: the values, their median, and the usual distance from it. */
export function recordings(retentionHours: number): Recording[] {
  const days = Array.from({ length: seasonDays(retentionHours) }, (_, n) => n + 1);
  const atDay = (day: number) =>
    `label_replace(avg_over_time(media:signal[1h] offset ${day * 1440 - 30}m), "day", "${day}", "", "")`;
  const has = ["signal"];
  return [
    ...Object.entries(SIGNALS).map(([name, { expr }]) => ({
      record: "media:signal",
      expr,
      labels: { signal: name },
      has,
    })),
    { record: "media:signal_season", expr: days.map(atDay).join(" or "), has: ["signal", "day"] },
    { record: "media:signal_median", expr: "quantile by (signal) (0.5, media:signal_season)", has },
    {
      record: "media:signal_mad",
      expr: "quantile by (signal) (0.5, abs(media:signal_season - on (signal) group_left () media:signal_median))",
      has,
    },
    { record: "media:signal_seasons", expr: "count by (signal) (media:signal_season)", has },
  ];
}
