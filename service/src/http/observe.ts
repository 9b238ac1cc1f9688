import { type Span, SpanStatusCode, TraceFlags } from "@opentelemetry/api";
import type { Request, RequestHandler } from "express";
import { createAccessLog } from "../observability/access-log.ts";
import type { Logger } from "../observability/log.ts";
import type { Metrics } from "../observability/metrics/metrics.ts";
import { UNMATCHED_ROUTE } from "../observability/metrics/names.ts";
import { requestIdOf } from "../observability/request-id.ts";
import { inRequest, startRequestSpan } from "../observability/tracing.ts";
import { fieldsOf } from "./answer-fields.ts";
import { watchClients } from "./watch-clients.ts";

/** nginx's word for "the client left": there was no answer to take a status from. */
const CLIENT_LEFT = 499;

/**
 * Gives each request its id, span, metric and log line, and everything called from it the same trace. The ids are in
 * the answer too: a user can quote them, and an engineer can search for them.
 */
export function observe(log: Logger, metrics: Metrics): RequestHandler {
  const answered = createAccessLog(log);
  const watch = watchClients(log, metrics);
  return (req, res, next) => {
    const started = performance.now();
    const { method } = req;
    const span = startRequestSpan(method, req.headers);
    const ids = span.spanContext();
    const id = requestIdOf(req.headers);
    res.on("close", () => {
      const seconds = (performance.now() - started) / 1_000;
      const status = res.writableFinished ? res.statusCode : CLIENT_LEFT;
      const route = routeOf(req);
      const kept = (ids.traceFlags & TraceFlags.SAMPLED) !== 0;
      metrics.httpRequest({ method, route, status: String(status) }, seconds, kept ? ids.traceId : null);
      answered(ids, id, { method, route, status, duration_ms: Math.round(seconds * 1_000) });
      watch(req, res, status, route);
      if (kept) endSpan(span, method, route, status);
    });
    fieldsOf(res).push("X-Request-Id", id, "X-Trace-Id", ids.traceId);
    inRequest(span, id, next);
  };
}

function endSpan(span: Span, method: string, route: string, status: number): void {
  span.updateName(`${method} ${route}`);
  span.setAttributes({ "http.route": route, "http.response.status_code": status });
  if (status >= 500) span.setStatus({ code: SpanStatusCode.ERROR });
  span.end();
}

/** For answers that Express writes by itself: what those of `send` bring along. */
export const setFields: RequestHandler = (_req, res, next) => {
  const fields = fieldsOf(res);
  for (let n = 0; n < fields.length; n += 2) res.setHeader(fields[n] as string, fields[n + 1] as string);
  next();
};

/** The route's template, never the path: paths hold ids, and each new label value is a new time series. */
function routeOf(req: Request): string {
  const route = req.route as { path?: string } | undefined;
  return route?.path ?? UNMATCHED_ROUTE;
}
