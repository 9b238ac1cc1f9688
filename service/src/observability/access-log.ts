import type { SpanContext } from "@opentelemetry/api";
import type { Logger } from "./log.ts";

/** What the line of an answered request says. */
export interface Answered {
  method: string;
  /** The route's template, never the path. */
  route: string;
  status: number;
  duration_ms: number;
}

/** Writes a line for each answered request. The ids are given: when a connection closes, no span is active. */
export function createAccessLog(log: Logger): (span: SpanContext, requestId: string, answered: Answered) => void {
  return ({ traceId, spanId }, requestId, answered) =>
    log.info({ trace_id: traceId, span_id: spanId, request_id: requestId, ...answered }, "request answered");
}
