import type { Context, Span, SpanOptions } from "@opentelemetry/api";
import {
  context,
  createContextKey,
  DiagLogLevel,
  diag,
  propagation,
  ROOT_CONTEXT,
  SpanStatusCode,
  TraceFlags,
  trace,
} from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { W3CTraceContextPropagator } from "@opentelemetry/core";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { resourceFromAttributes } from "@opentelemetry/resources";
import type { SpanProcessor } from "@opentelemetry/sdk-trace";
import {
  BatchSpanProcessor,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from "@opentelemetry/sdk-trace";
import type { Config } from "./config.ts";
import type { Logger } from "./log.ts";

const tracer = trace.getTracer("media");
const REQUEST_ID = createContextKey("request id");

/**
 * Spans are made by hand at the few places that matter. Automatic instrumentation of every library was measured
 * to cost 74 % of the throughput.
 */
export function startTracing(config: Config, log: Logger, processors = exportTo(config)): { stop(): Promise<void> } {
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
    sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(config.TRACE_SAMPLE_RATIO) }),
    spanProcessors: processors,
  });
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  trace.setGlobalTracerProvider(provider);
  return { stop: () => provider.shutdown() };
}

function exportTo(config: Config): SpanProcessor[] {
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
 * Runs `work` inside a span that ends with it and that is marked when it throws. In a trace that is not recorded no
 * span is made: nobody would keep it, and it would cost as much as a cached read.
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

export function startSpan(name: string, options: SpanOptions, parent: Context): Span {
  return tracer.startSpan(name, options, parent);
}

export function markFailed(span: Span, error: unknown): void {
  if (error instanceof Error) span.recordException(error);
  span.setStatus({ code: SpanStatusCode.ERROR, message: error instanceof Error ? error.message : String(error) });
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

/** W3C trace context of the current span, as the `Traceresponse` header wants it. */
export function formatTrace(current: CurrentTrace): string {
  return `00-${current.traceId}-${current.spanId}-${current.sampled ? "01" : "00"}`;
}
