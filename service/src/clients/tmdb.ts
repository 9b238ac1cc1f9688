import { SpanKind } from "@opentelemetry/api";
import { TaskCancelledError } from "cockatiel";
import { Agent, request } from "undici";
import { z } from "zod";
import type { MediaType } from "../domain/media.ts";
import { Problem } from "../errors/problem.ts";
import type { Metrics } from "../metrics/metrics.ts";
import { createGuard } from "../recovery/guard.ts";
import { POLICIES } from "../recovery/policies.ts";
import { carryTrace, inSpan } from "../telemetry.ts";

/** Worth another try: the service said that it is overloaded or broken. */
class Transient extends Error {}
/** Worth another try: nothing came back. */
class Unreachable extends Transient {}

const MAX_BODY_BYTES = 1_000_000;
const movie = z.object({ title: z.string().min(1) }).transform(({ title }) => title);
const series = z.object({ name: z.string().min(1) }).transform(({ name }) => name);
/** TMDB calls the title of a series its name. */
const TITLE = { movie, tv: series } as const;

export interface TmdbOptions {
  baseUrl: string;
  token: string;
  metrics: Metrics;
}

/** The film database, as far as this service needs it. */
export interface Tmdb {
  /** The title behind an id; throws a Problem if there is none or TMDB cannot say. */
  lookupTitle(mediaType: MediaType, tmdbId: number): Promise<string>;
  close(): Promise<void>;
}

export function createTmdb({ baseUrl, token, metrics }: TmdbOptions): Tmdb {
  const agent = new Agent({
    connections: 64,
    maxResponseSize: MAX_BODY_BYTES,
    connect: { timeout: POLICIES.tmdb.attemptMs },
  });
  const isTransient = (error: unknown) => error instanceof Transient;
  const isRetriable = (error: unknown) => isTransient(error) || error instanceof TaskCancelledError;
  const guard = createGuard("tmdb", { isFailure: isTransient, isRetriable }, metrics);

  const attempt = (path: string, signal: AbortSignal) =>
    inSpan(
      "tmdb GET",
      { kind: SpanKind.CLIENT, attributes: { "http.request.method": "GET", "url.path": path } },
      async (span) => {
        const started = performance.now();
        let outcome = "error";
        try {
          const headers = { authorization: `Bearer ${token}`, accept: "application/json", ...carryTrace() };
          const response = await request(`${baseUrl.replace(/\/$/, "")}${path}`, {
            dispatcher: agent,
            signal,
            headers,
          });
          outcome = String(response.statusCode);
          span.setAttribute("http.response.status_code", response.statusCode);
          return { status: response.statusCode, body: await response.body.text() };
        } catch (error) {
          throw new Unreachable("TMDB could not be reached", { cause: error });
        } finally {
          metrics.upstream({ upstream: "tmdb", outcome }, (performance.now() - started) / 1_000);
        }
      },
    ).then(refuseTransient);

  return {
    async lookupTitle(mediaType, tmdbId) {
      const path = `/3/${mediaType}/${tmdbId}`;
      const { status, body } = await guard.execute((signal) => attempt(path, signal)).catch(asProblem);
      if (status === 404)
        throw new Problem("unknown-title", { detail: `TMDB has no ${mediaType} with the id ${tmdbId}.` });
      const parsed = status === 200 ? TITLE[mediaType].safeParse(parseJson(body)) : undefined;
      if (!parsed?.success)
        throw new Problem("upstream-bad-response", { cause: new Error(`TMDB answered ${status} to ${path}`) });
      return parsed.data;
    },
    close: () => agent.close(),
  };
}

function refuseTransient<T extends { status: number }>(response: T): T {
  if (response.status === 429 || response.status >= 500) throw new Transient(`TMDB answered ${response.status}`);
  return response;
}

function asProblem(error: unknown): never {
  const silent = error instanceof Unreachable || error instanceof TaskCancelledError;
  const down = silent || error instanceof Transient;
  if (!down) throw error;
  throw new Problem(silent ? "upstream-unreachable" : "upstream-unavailable", {
    headers: { "Retry-After": "5" },
    cause: error,
  });
}

function parseJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}
