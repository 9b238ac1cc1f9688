import { ask } from "./http.ts";

export interface Loki {
  /** The newest lines of a query between two times, oldest first. */
  lines(query: string, from: Date, to: Date, most: number): Promise<string[]>;
}

interface Streams {
  data: { result: { values: [nanoseconds: string, line: string][] }[] };
}

export function createLoki(url: string): Loki {
  return {
    async lines(query, from, to, most) {
      const range = `start=${from.toISOString()}&end=${to.toISOString()}&limit=${most}&direction=backward`;
      const { data } = await ask<Streams>(`${url}/loki/api/v1/query_range?query=${encodeURIComponent(query)}&${range}`);
      const values = data.result.flatMap((stream) => stream.values);
      return values.sort(([a], [b]) => (BigInt(a) < BigInt(b) ? -1 : 1)).map(([, line]) => line.slice(0, 1_000));
    },
  };
}

export interface Jaeger {
  /** A failed trace of the service since then, else its slowest; undefined where it has none. */
  trace(service: string, from: Date, to: Date): Promise<{ id: string; summary: string } | undefined>;
}

interface Traces {
  data: { traceID: string; spans: { operationName: string; duration: number; references: unknown[] }[] }[] | null;
}

export function createJaeger(url: string): Jaeger {
  const find = async (service: string, from: Date, to: Date, tags: string) => {
    const range = `start=${from.getTime() * 1_000}&end=${to.getTime() * 1_000}&limit=20`;
    const { data } = await ask<Traces>(`${url}/api/traces?service=${service}&${range}${tags}`);
    return data ?? [];
  };
  return {
    async trace(service, from, to) {
      const failed = await find(service, from, to, `&tags=${encodeURIComponent('{"error":"true"}')}`);
      const traces = failed.length > 0 ? failed : await find(service, from, to, "");
      const longest = ({ spans }: (typeof traces)[number]) => spans.reduce((a, b) => (b.duration > a.duration ? b : a));
      const [slowest] = traces
        .filter(({ spans }) => spans.length > 0)
        .sort((a, b) => longest(b).duration - longest(a).duration);
      if (!slowest) return undefined;
      const { operationName, duration } = longest(slowest);
      const kind = failed.length > 0 ? "failed" : "slowest";
      return {
        id: slowest.traceID,
        summary: `${kind}: ${service} ${operationName}, ${Math.round(duration / 1_000)} ms`,
      };
    },
  };
}

/** An alert of our own. */
export interface OwnAlert {
  labels: Record<string, string>;
  annotations: Record<string, string>;
  startsAt: Date;
  /** Until when it fires unless it is told again; a time that is past ends it. */
  endsAt: Date;
}

export interface Alertmanager {
  tell(alerts: readonly OwnAlert[]): Promise<void>;
}

export function createAlertmanager(url: string): Alertmanager {
  return {
    async tell(alerts) {
      const headers = { "content-type": "application/json" };
      await ask(`${url}/api/v2/alerts`, { method: "POST", headers, body: JSON.stringify(alerts) });
    },
  };
}
