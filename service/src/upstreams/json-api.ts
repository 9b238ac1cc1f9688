import { SpanKind } from "@opentelemetry/api";
import { TaskCancelledError } from "cockatiel";
import { request } from "undici";
import { z } from "zod";
import { Problem } from "../errors/problem.ts";
import type { Metrics } from "../observability/metrics/metrics.ts";
import { carryTrace, inSpan } from "../observability/tracing.ts";
import { createAgent } from "../resilience/http-agent.ts";
import { POLICIES, type Upstream } from "../resilience/policies.ts";
import { createPolicy } from "../resilience/policy.ts";
import { createHealthWatch, type ServiceHealth } from "../resilience/upstream-health.ts";

/** Worth another try: the service said that it is overloaded or broken. */
class Transient extends Error {}
/** Worth another try: nothing came back. */
class Unreachable extends Transient {}

const MAX_BODY_BYTES = 1_000_000;
const NO_BODY = z.undefined();

export interface JsonApiOptions {
  name: Upstream;
  baseUrl: string;
  /** Whatever the service wants for authorisation. */
  headers: Record<string, string>;
  metrics: Metrics;
}

/** An upstream that answers JSON, under its policy. */
export interface JsonApi {
  /** Undefined where the service answered 404; throws a Problem where it cannot say. */
  get<S extends z.ZodType>(path: string, query: Record<string, string>, schema: S): Promise<z.output<S> | undefined>;
  /** Asks a route that costs the service little; throws a Problem unless it answers as documented. */
  probe(path: string, query: Record<string, string>, schema: z.ZodType): Promise<void>;
  /** From the calls that were made. */
  health(): ServiceHealth;
  /** Only for what may come twice: a try of which nothing came back is made again. Undefined for one of `refusals`. */
  post<S extends z.ZodType>(
    path: string,
    body: unknown,
    schema: S,
    refusals: readonly number[],
  ): Promise<z.output<S> | undefined>;
  /** What is not there needs no deletion. */
  delete(path: string): Promise<void>;
  /** Opens the breaker by hand, see Policy. */
  hold(seconds: number): void;
  close(): Promise<void>;
}

interface Sending {
  method: "GET" | "POST" | "DELETE";
  path: string;
  query?: Record<string, string>;
  body?: unknown;
}

export function createJsonApi({ name, baseUrl, headers, metrics }: JsonApiOptions): JsonApi {
  const { attemptMs } = POLICIES[name];
  const dispatcher = createAgent({ connections: 64, maxResponseSize: MAX_BODY_BYTES, connect: { timeout: attemptMs } });
  const isTransient = (error: unknown) => error instanceof Transient;
  const isRetriable = (error: unknown) => isTransient(error) || error instanceof TaskCancelledError;
  const policy = createPolicy(name, { isFailure: isTransient, isRetriable }, metrics);
  const watch = createHealthWatch(policy.circuit);
  const base = baseUrl.replace(/\/$/, "");

  const attempt = ({ method, path, query = {}, body }: Sending, signal: AbortSignal) =>
    // The query stays out of the span: some services want their key in it.
    inSpan(
      `${name} ${method}`,
      { kind: SpanKind.CLIENT, attributes: { "http.request.method": method, "url.path": path } },
      async (span) => {
        const started = performance.now();
        let outcome = "error";
        try {
          const type = body === undefined ? {} : { "content-type": "application/json" };
          const all = { ...headers, ...type, accept: "application/json", ...carryTrace() };
          const sent = body === undefined ? null : JSON.stringify(body);
          const options = { dispatcher, signal, method, query, headers: all, body: sent };
          const response = await request(`${base}${path}`, options);
          outcome = String(response.statusCode);
          span.setAttribute("http.response.status_code", response.statusCode);
          return { status: response.statusCode, body: await response.body.text() };
        } catch (error) {
          throw new Unreachable(`${name} could not be reached`, { cause: error });
        } finally {
          metrics.upstream({ upstream: name, outcome }, (performance.now() - started) / 1_000);
        }
      },
    ).then((response) => refuseTransient(name, response));

  const badResponse = (status: number, path: string, cause?: z.ZodError) =>
    new Problem("upstream-bad-response", {
      cause: new Error(`${name} answered ${status} to ${path}`, { cause }),
      extensions: { service: name },
    });
  const ask = async <S extends z.ZodType>(sending: Sending, schema: S, good: number, nothing: readonly number[]) => {
    const answer = await policy.execute((signal) => attempt(sending, signal)).catch((error) => asProblem(name, error));
    if (nothing.includes(answer.status)) return undefined;
    const parsed = answer.status === good ? schema.safeParse(parseJson(answer.body)) : undefined;
    if (parsed?.success) return parsed.data;
    throw badResponse(answer.status, sending.path, parsed?.error);
  };
  const get: JsonApi["get"] = (path, query, schema) =>
    watch.watch(ask({ method: "GET", path, query }, schema, 200, [404]));
  return {
    get,
    post: (path, body, schema, refusals) => watch.watch(ask({ method: "POST", path, body }, schema, 201, refusals)),
    delete: (path) => watch.watch(ask({ method: "DELETE", path }, NO_BODY, 204, [404])),
    async probe(path, query, schema) {
      if ((await get(path, query, schema)) === undefined) throw badResponse(404, path);
    },
    health: watch.health,
    hold: policy.hold,
    close: () => dispatcher.close(),
  };
}

function refuseTransient<T extends { status: number }>(name: string, response: T): T {
  if (response.status === 429 || response.status >= 500) throw new Transient(`${name} answered ${response.status}`);
  return response;
}

function asProblem(service: string, error: unknown): never {
  const silent = error instanceof Unreachable || error instanceof TaskCancelledError;
  if (!silent && !(error instanceof Transient)) throw error;
  const code = silent ? "upstream-unreachable" : "upstream-unavailable";
  throw new Problem(code, { headers: { "Retry-After": "5" }, cause: error, extensions: { service } });
}

function parseJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}
