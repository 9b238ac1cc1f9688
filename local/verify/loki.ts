import { call, json } from "./http.ts";
import type { Target } from "./journey.ts";
import { namespaceOf } from "./postgres.ts";

interface Streams {
  readonly data: { readonly result: readonly { readonly values: readonly [nanoseconds: string, line: string][] }[] };
}

/** Lines of the last hour that any of the stack's processes logged in this trace, oldest first. */
export async function loggedIn(
  { lokiUrl, stack }: Pick<Target, "lokiUrl" | "stack">,
  traceId: string,
): Promise<string[]> {
  const query = encodeURIComponent(`{k8s_namespace_name="${namespaceOf(stack)}"} | trace_id="${traceId}"`);
  const { data } = json<Streams>(
    await call(`${lokiUrl}/loki/api/v1/query_range?query=${query}&since=1h&direction=forward`),
    200,
  );
  const values = data.result.flatMap((stream) => stream.values);
  return values.sort(([a], [b]) => Number(BigInt(a) - BigInt(b))).map(([, line]) => line);
}
