import { randomBytes, randomInt } from "node:crypto";
import { UserError } from "../lib/errors.ts";
import { eventually } from "../lib/eventually.ts";
import { outputs, type Stack } from "../stack/pulumi.ts";
import { call, json } from "./http.ts";
import { loggedIn } from "./loki.ts";
import { sql } from "./postgres.ts";

/** A stack as its users reach it. */
export interface Target {
  readonly stack: Stack;
  readonly gatewayUrl: string;
  readonly prometheusUrl: string;
  readonly lokiUrl: string;
  readonly jaegerUrl: string;
  readonly caPem: string;
  readonly credentials: { readonly devToken: string };
}

interface MediaRequest {
  readonly id: string;
  readonly status: string;
}

/** What a journey left behind, to be looked for elsewhere. */
export interface Trip {
  readonly id: string;
  readonly traceId: string;
}

/** Reads the addresses and credentials that the stack's program exported. */
export async function targetOf(stack: Stack): Promise<Target> {
  const found = await outputs(stack);
  if (!found?.gatewayUrl)
    throw new UserError(
      `stack ${stack.name} has no gatewayUrl: it is not up`,
      `bring it up: make up STACK=${stack.name}`,
    );
  return { ...(found as unknown as Omit<Target, "stack">), stack };
}

/** A person's request for a film, from the post to the delivery, through the gateway. */
export async function journey(target: Target, seconds = 60): Promise<Trip> {
  const headers = { authorization: `Bearer ${target.credentials.devToken}` };
  const common = { headers, ca: target.caPem };
  const requests = `${target.gatewayUrl}/api/v1/requests`;
  const trip = await eventually("POST /api/v1/requests", seconds, async () => {
    const body = { mediaType: "movie", tmdbId: randomInt(1, 800_000_000) };
    const traceId = randomBytes(16).toString("hex");
    const answer = await call(requests, { ...common, headers: { ...headers, ...kept(traceId) }, method: "POST", body });
    const { id } = json<MediaRequest>(answer, 201);
    if (answer.headers["x-trace-id"] !== traceId)
      throw new Error(`it went on under trace ${answer.headers["x-trace-id"]}`);
    return { id, traceId };
  });
  await eventually(`request ${trip.id} to be delivered`, seconds, async () => {
    const { status } = json<MediaRequest>(await call(`${requests}/${trip.id}`, common), 200);
    if (status !== "available") throw new Error(`its status is ${status}`);
  });
  return trip;
}

/** Where there is a dev token, a caller's trace that is marked as kept stays kept, whatever share of traces the stack keeps (decision 0017). */
function kept(traceId: string) {
  return { traceparent: `00-${traceId}-${randomBytes(8).toString("hex")}-01` };
}

/** Places where a journey must have left its mark, each with its check. */
export const traces: Readonly<Record<string, (target: Target, trip: Trip) => Promise<void>>> = {
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
    if (!(Number(answer.data.result[0]?.value[1]) >= 1)) throw new Error("no such counter yet");
  },
  "Loki's line": async (target, { traceId }) => {
    if ((await loggedIn(target, traceId)).length === 0) throw new Error("no line with the trace id yet");
  },
  "Jaeger's trace": async ({ jaegerUrl }, { traceId }) => {
    const answer = json<{ data: { processes: Record<string, { serviceName: string }> }[] }>(
      await call(`${jaegerUrl}/api/traces/${traceId}`),
      200,
    );
    const services = Object.values(answer.data[0]?.processes ?? {}).map((process) => process.serviceName);
    for (const wanted of ["api", "worker"])
      if (!services.some((name) => name.includes(wanted)))
        throw new Error(`spans of ${services.join(", ") || "nobody"}, none of ${wanted}`);
  },
};

/** Looks in every place, at once. */
export async function verifyTraces(target: Target, trip: Trip, seconds = 60): Promise<void> {
  await Promise.all(
    Object.entries(traces).map(([place, check]) =>
      eventually(`request ${trip.id} in ${place}`, seconds, () => check(target, trip)),
    ),
  );
}
