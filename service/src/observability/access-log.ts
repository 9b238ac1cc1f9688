import type { SpanContext } from "@opentelemetry/api";
import { type Logger, writeOwnLine } from "./log.ts";

/** What the line of an answered request says. */
export interface Answered {
  method: string;
  /** The route's template, never the path. */
  route: string;
  status: number;
  duration_ms: number;
}

/**
 * Writes a line for each answered request. The ids are given: when a connection closes, no span is active. Of its values only
 * the request's id can be a caller's, in the form that `requestIdOf` lets through: a secret may have it.
 */
export function createAccessLog(log: Logger): (span: SpanContext, requestId: string, answered: Answered) => void {
  return ({ traceId, spanId }, requestId, answered) =>
    writeOwnLine(requestId, () =>
      log.info({ trace_id: traceId, span_id: spanId, request_id: requestId, ...answered }, "request answered"),
    );
}
