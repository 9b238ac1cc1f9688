import type { Labels } from "../../model/incidents.ts";
import { ask } from "./http.ts";

export interface Sample {
  labels: Labels;
  value: number;
}

/** A rule as Prometheus has it loaded. */
export interface AlertRule {
  query: string;
  /** Seconds for which the query must have samples before the alert fires. */
  seconds: number;
}

export interface Prometheus {
  /** The samples of an expression, at a time or now. */
  query(expression: string, at?: Date): Promise<Sample[]>;
  /** The loaded rule of that name; undefined where none is. */
  rule(alert: string): Promise<AlertRule | undefined>;
}

interface Vector {
  data: { resultType: string; result: { metric: Record<string, string>; value: [number, string] }[] };
}
interface Rules {
  data: { groups: { rules: { name: string; query: string; duration?: number }[] }[] };
}

export function createPrometheus(url: string): Prometheus {
  return {
    async query(expression, at) {
      const time = at ? `&time=${at.getTime() / 1_000}` : "";
      const { data } = await ask<Vector>(`${url}/api/v1/query?query=${encodeURIComponent(expression)}${time}`);
      if (data.resultType !== "vector") throw new Error(`${expression} is a ${data.resultType}, not a vector`);
      return data.result.map(({ metric, value }) => ({ labels: metric, value: Number(value[1]) }));
    },
    async rule(alert) {
      const { data } = await ask<Rules>(`${url}/api/v1/rules?type=alert`);
      const found = data.groups.flatMap(({ rules }) => rules).find(({ name }) => name === alert);
      return found && { query: found.query, seconds: found.duration ?? 0 };
    },
  };
}

/** Seconds of the longest range that an expression looks back over: so long a counter stays high after the mend. */
export function longestRange(expression: string): number {
  const ranges = [...expression.matchAll(/\[((?:\d+[smhd])+)(?::[^\]]*)?\]/g)].map(([, range = ""]) =>
    secondsOf(range),
  );
  return Math.max(0, ...ranges);
}

const UNITS: Record<string, number> = { s: 1, m: 60, h: 3_600, d: 86_400 };

function secondsOf(duration: string): number {
  return [...duration.matchAll(/(\d+)([smhd])/g)].reduce(
    (sum, [, number, unit = "s"]) => sum + Number(number) * (UNITS[unit] ?? 0),
    0,
  );
}

/** Whether a sample of the rule's expression is about the alert: every label that it has, the alert has too. */
export function isAbout(sample: Sample, alert: Labels): boolean {
  return Object.entries(sample.labels).every(([name, value]) => name === "__name__" || alert[name] === value);
}
