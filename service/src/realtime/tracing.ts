import type { IncomingHttpHeaders } from "node:http";
import { SpanKind, trace } from "@opentelemetry/api";
import { requestIdOf } from "../observability/request-id.ts";
import { carryTrace, continueTrace, currentTrace, inRequest, startRequestSpan } from "../observability/tracing.ts";

const tracer = trace.getTracer("media");

/** A handshake is a request like others: its trace goes on or begins as theirs do, and is in every line about it. */
export function inHandshake<T>(headers: IncomingHttpHeaders, work: () => Promise<T>): Promise<T> {
  const span = startRequestSpan("GET", headers).updateName("socket handshake");
  const done = new Promise<T>((resolve, reject) => {
    inRequest(span, requestIdOf(headers), () => void work().then(resolve, reject));
  });
  return done.finally(() => span.end());
}

/** The active span as W3C `traceparent`, for the process that continues it; undefined where its trace is not recorded. */
export function keptTrace(): string | undefined {
  return currentTrace()?.sampled ? carryTrace().traceparent : undefined;
}

/** Work for an update, in a span of the trace in which it was published; without such a trace there is no span. */
export function inTraceOf(traceparent: string | undefined, name: string, work: () => void): void {
  const span = traceparent && tracer.startSpan(name, { kind: SpanKind.CONSUMER }, continueTrace({ traceparent }));
  try {
    work();
  } finally {
    if (span) span.end();
  }
}
