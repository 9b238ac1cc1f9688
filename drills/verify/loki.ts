import type { Target } from "../lib/stack.ts";
import { call, json } from "./http.ts";

interface Streams {
  readonly data: { readonly result: readonly { readonly values: readonly [nanoseconds: string, line: string][] }[] };
}

/** The lines that any process of the stack logged in a trace during the last hour, oldest first. */
export async function linesOfTrace({ lokiUrl, stack }: Pick<Target, "lokiUrl" | "stack">, traceId: string) {
  return (await timedLines({ lokiUrl, stack }, traceId)).map(({ line }) => line);
}

/** The same, each with its time in nanoseconds since 1970. */
export async function timedLines({ lokiUrl, stack }: Pick<Target, "lokiUrl" | "stack">, traceId: string) {
  const query = encodeURIComponent(`{k8s_namespace_name="${stack.namespace}"} | trace_id="${traceId}"`);
  const url = `${lokiUrl}/loki/api/v1/query_range?query=${query}&since=1h&direction=forward`;
  const { data } = json<Streams>(await call(url), 200);
  const values = data.result.flatMap((stream) => stream.values);
  const lines = values.map(([at, line]) => ({ at: BigInt(at), line }));
  return lines.sort((a, b) => Number(a.at - b.at));
}
