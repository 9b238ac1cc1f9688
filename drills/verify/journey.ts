import { randomBytes, randomInt } from "node:crypto";
import { eventually } from "../lib/eventually.ts";
import type { Target } from "../lib/stack.ts";
import { call, json } from "./http.ts";
import { linesOfTrace } from "./loki.ts";
import { sql } from "./postgres.ts";

interface MediaRequest {
  readonly id: string;
  readonly status: string;
}

/** A request that a journey made: the ids by which its evidence is found. */
export interface JourneyRequest {
  readonly id: string;
  readonly traceId: string;
}

/**
 * A user's request for a film, from the POST to the delivery, through the gateway.
 *
 * @param seconds bound for each of the two parts
 */
export async function journey(target: Target, seconds = 60): Promise<JourneyRequest> {
  const headers = { authorization: `Bearer ${target.credentials.devToken}` };
  const common = { headers, ca: target.caPem };
  const requests = `${target.gatewayUrl}/api/v1/requests`;
  const made = await eventually("POST /api/v1/requests", seconds, async () => {
    const body = { mediaType: "movie", tmdbId: randomInt(1, 800_000_000) };
    const traceId = randomBytes(16).toString("hex");
    const trace = sampledTrace(traceId);
    const answer = await call(requests, { ...common, headers: { ...headers, ...trace }, method: "POST", body });
    const { id } = json<MediaRequest>(answer, 201);
    if (answer.headers["x-trace-id"] !== traceId)
      throw new Error(`its trace is ${answer.headers["x-trace-id"]}, not ${traceId}`);
    return { id, traceId };
  });
  await eventually(`request ${made.id} to be delivered`, seconds, async () => {
    const { status } = json<MediaRequest>(await call(`${requests}/${made.id}`, common), 200);
    if (status !== "available") throw new Error(`its status is ${status}`);
  });
  return made;
}

/** With the dev token, a trace that the caller marks as sampled is kept at any sampling ratio of the stack (decision 0017). */
function sampledTrace(traceId: string) {
  return { traceparent: `00-${traceId}-${randomBytes(8).toString("hex")}-01` };
}

/** The places where a journey must leave evidence, each with its check. */
export const EVIDENCE_CHECKS: Readonly<Record<string, (target: Target, made: JourneyRequest) => Promise<void>>> = {
  "PostgreSQL's replica": async ({ stack }, { id }) => {
    const rows = await sql(stack, "replica", `select count(*) from requests where id = '${id}'`);
    if (rows !== "1") throw new Error(`${rows} rows`);
  },
  "Prometheus' counter": async ({ prometheusUrl }) => {
    const query = encodeURIComponent("sum(media_requests_created_total)");
    const answer = json<{ data: { result: { value: [number, string] }[] } }>(
      await call(`${prometheusUrl}/api/v1/query?query=${query}`),
      200,
    );
    if (!(Number(answer.data.result[0]?.value[1]) >= 1)) throw new Error("the counter is not there yet");
  },
  "Loki's lines": async (target, { traceId }) => {
    if ((await linesOfTrace(target, traceId)).length === 0) throw new Error("no line has the trace id yet");
  },
  "Jaeger's trace": async ({ jaegerUrl }, { traceId }) => {
    const answer = json<{ data: { processes: Record<string, { serviceName: string }> }[] }>(
      await call(`${jaegerUrl}/api/traces/${traceId}`),
      200,
    );
    const services = Object.values(answer.data[0]?.processes ?? {}).map((process) => process.serviceName);
    for (const wanted of ["api", "worker"])
      if (!services.some((name) => name.includes(wanted)))
        throw new Error(`it has spans of: ${services.join(", ") || "no service"}; none of ${wanted}`);
  },
};

/** Looks for the evidence of a journey in every place, in parallel. */
export async function verifyEvidence(target: Target, made: JourneyRequest, seconds = 60): Promise<void> {
  await Promise.all(
    Object.entries(EVIDENCE_CHECKS).map(([place, check]) =>
      eventually(`request ${made.id} in ${place}`, seconds, () => check(target, made)),
    ),
  );
}
