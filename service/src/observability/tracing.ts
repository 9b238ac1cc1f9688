import { randomBytes } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import type { Context, Span, SpanOptions } from "@opentelemetry/api";
import {
  context,
  createContextKey,
  DiagLogLevel,
  diag,
  propagation,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
  trace,
} from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { W3CTraceContextPropagator } from "@opentelemetry/core";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { resourceFromAttributes } from "@opentelemetry/resources";
import {
  BatchSpanProcessor,
  ParentBasedSampler,
  type SpanProcessor,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from "@opentelemetry/sdk-trace";
import type { Logger } from "./log.ts";
import { messageOf } from "./message.ts";

const tracer = trace.getTracer("media");
const REQUEST_ID = createContextKey("request id");

export interface TracingConfig {
  process: string;
  SERVICE_VERSION: string;
  NODE_ENV: string;
  /** OTLP over HTTP, without the /v1/traces. Unset: no trace is exported. */
  OTEL_EXPORTER_OTLP_ENDPOINT?: string | undefined;
  /** Share of new traces that is recorded, 0 to 1. */
  TRACE_SAMPLE_RATIO: number;
}

/**
 * Spans are made by hand at the few places that matter. Automatic instrumentation of every library was measured
 * to cost 74 % of the throughput.
 */
export function startTracing(
  config: TracingConfig,
  log: Logger,
  processors = exportTo(config),
): { stop(): Promise<void> } {
  const warn = (message: string, ...rest: unknown[]) => log.warn({ details: rest.map(String) }, `tracing: ${message}`);
  diag.setLogger(
    { error: warn, warn, info() {}, debug() {}, verbose() {} },
    { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true },
  );
  const provider = new TracerProvider({
    resource: resourceFromAttributes({
      "service.name": `media-${config.process}`,
      "service.version": config.SERVICE_VERSION,
      "deployment.environment.name": config.NODE_ENV,
    }),
    // The caller decides; without a caller the share of new traces does.
    sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(config.TRACE_SAMPLE_RATIO) }),
    spanProcessors: processors,
  });
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  // Only the first of a process is taken.
  trace.setGlobalTracerProvider(provider);
  return { stop: () => provider.shutdown() };
}

/** For a request that came without an id: 128 random bits, as the gateway gives them. */
export const newRequestId = (): string => randomBytes(16).toString("hex");

function exportTo(config: TracingConfig): SpanProcessor[] {
  const endpoint = config.OTEL_EXPORTER_OTLP_ENDPOINT;
  if (!endpoint) return [];
  const url = `${endpoint.replace(/\/$/, "")}/v1/traces`;
  return [
    new BatchSpanProcessor({
      exporter: new OTLPTraceExporter({ url, timeoutMillis: 5_000 }),
      scheduledDelayMillis: 1_000,
    }),
  ];
}

/**
 * Runs `work` inside a span that ends with it and that is marked when it throws. In a trace that is not recorded no span
 * is made: it would cost as much as a cached read.
 */
export function inSpan<T>(name: string, options: SpanOptions, work: (span: Span) => Promise<T>): Promise<T> {
  const parent = trace.getActiveSpan();
  // Not `isRecording`, which is false as well for a span of another process.
  const kept = !parent || (parent.spanContext().traceFlags & TraceFlags.SAMPLED) !== 0;
  return parent && !kept ? work(parent) : inNewSpan(name, options, work);
}

async function inNewSpan<T>(name: string, options: SpanOptions, work: (span: Span) => Promise<T>): Promise<T> {
  const span = tracer.startSpan(name, options);
  try {
    return await context.with(trace.setSpan(context.active(), span), () => work(span));
  } catch (error) {
    markFailed(span, error);
    throw error;
  } finally {
    span.end();
  }
}

/** The span of a request, in the caller's trace or in a new one. In a trace that is not recorded it has the ids only. */
export function startRequestSpan(method: string, headers: IncomingHttpHeaders): Span {
  const options = { kind: SpanKind.SERVER, attributes: { "http.request.method": method } };
  return tracer.startSpan(method, options, continueTrace(headers));
}

export function markFailed(span: Span, error: unknown): void {
  if (error instanceof Error) span.recordException(error);
  span.setStatus({ code: SpanStatusCode.ERROR, message: messageOf(error) });
}

/** Carrier of a trace across a process boundary: W3C `traceparent` and, when there is one, `tracestate`. */
export type TraceCarrier = Record<string, string>;

export function carryTrace(): TraceCarrier {
  const carrier: TraceCarrier = {};
  propagation.inject(context.active(), carrier);
  return carrier;
}

export function continueTrace(carrier: object): Context {
  return propagation.extract(ROOT_CONTEXT, carrier);
}

/** Runs `work`, and all that it starts, as part of the request. */
export function inRequest(span: Span, requestId: string, work: () => void): void {
  context.with(withRequestId(trace.setSpan(ROOT_CONTEXT, span), requestId), work);
}

export function withRequestId(parent: Context, requestId: string): Context {
  return parent.setValue(REQUEST_ID, requestId);
}

export function currentRequestId(): string | undefined {
  return context.active().getValue(REQUEST_ID) as string | undefined;
}

export interface CurrentTrace {
  traceId: string;
  spanId: string;
  sampled: boolean;
}

export function currentTrace(): CurrentTrace | undefined {
  const active = trace.getActiveSpan()?.spanContext();
  if (!active) return undefined;
  return { traceId: active.traceId, spanId: active.spanId, sampled: (active.traceFlags & TraceFlags.SAMPLED) !== 0 };
}
