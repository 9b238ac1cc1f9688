import { randomUUID } from "node:crypto";
import { context, SpanKind, SpanStatusCode, trace } from "@opentelemetry/api";
import type { Request, RequestHandler, Response } from "express";
import type { Logger } from "../log.ts";
import type { Metrics } from "../metrics/metrics.ts";
import { UNMATCHED_ROUTE } from "../metrics/names.ts";
import { continueTrace, currentRequestId, currentTrace, formatTrace, startSpan, withRequestId } from "../telemetry.ts";

/** An id from the gateway is kept if it is one; anything else could be used to forge log lines. */
const REQUEST_ID = /^[A-Za-z0-9._-]{8,128}$/;
/** nginx's word for "the client left": there was no answer to take a status from. */
const CLIENT_LEFT = 499;

/** Gives each request its id, span, metric and log line, and everything called from it the same trace. */
export function observe(log: Logger, metrics: Metrics): RequestHandler {
  return (req, res, next) => {
    const started = performance.now();
    const parent = continueTrace(req.headers);
    const span = startSpan(
      req.method,
      { kind: SpanKind.SERVER, attributes: { "http.request.method": req.method } },
      parent,
    );
    const active = withRequestId(trace.setSpan(parent, span), requestId(req));
    res.once("close", () =>
      context.with(active, () => {
        const seconds = (performance.now() - started) / 1_000;
        const status = res.writableFinished ? res.statusCode : CLIENT_LEFT;
        const route = routeOf(req);
        metrics.httpRequest({ method: req.method, route, status: String(status) }, seconds);
        span.updateName(`${req.method} ${route}`);
        span.setAttributes({ "http.route": route, "http.response.status_code": status });
        if (status >= 500) span.setStatus({ code: SpanStatusCode.ERROR });
        log.info({ method: req.method, route, status, duration_ms: Math.round(seconds * 1_000) }, "request answered");
        span.end();
      }),
    );
    context.with(active, () => {
      identify(res);
      next();
    });
  };
}

function requestId(req: Request): string {
  const given = req.get("x-request-id");
  return given && REQUEST_ID.test(given) ? given : randomUUID();
}

/** The ids in the answer are what a user can quote and an engineer can search for. */
function identify(res: Response): void {
  const current = currentTrace();
  res.setHeader("X-Request-Id", currentRequestId() ?? "");
  if (!current) return;
  res.setHeader("X-Trace-Id", current.traceId);
  res.setHeader("Traceresponse", formatTrace(current));
}

/** The route's template, never the path: paths hold ids, and each new label value is a new time series. */
function routeOf(req: Request): string {
  const route = req.route as { path?: string } | undefined;
  return route?.path ?? UNMATCHED_ROUTE;
}
