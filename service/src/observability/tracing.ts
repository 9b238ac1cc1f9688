import { randomBytes } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import type { Context, Span, SpanContext, SpanOptions } from "@opentelemetry/api";
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
import type { IdGenerator, Sampler, SpanProcessor } from "@opentelemetry/sdk-trace";
import { BatchSpanProcessor, ParentBasedSampler, SamplingDecision, TracerProvider } from "@opentelemetry/sdk-trace";
import type { Logger } from "./log.ts";

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
  const root = new RatioSampler(config.TRACE_SAMPLE_RATIO);
  const provider = new TracerProvider({
    resource: resourceFromAttributes({
      "service.name": `media-${config.process}`,
      "service.version": config.SERVICE_VERSION,
      "deployment.environment.name": config.NODE_ENV,
    }),
    sampler: new ParentBasedSampler({ root }),
    idGenerator: ids,
    spanProcessors: processors,
  });
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  // Only the first of a process is taken.
  if (trace.setGlobalTracerProvider(provider)) rootSampler = root;
  return { stop: () => provider.shutdown() };
}

const TRACE_DIGITS = 32;
const SPAN_DIGITS = 16;
/** Of the trace id; more than enough for any ratio. */
const SAMPLED_DIGITS = 8;

/**
 * Keeps a share of the traces, by the end of their random ids (W3C Trace Context, level 2: the rightmost digits are the
 * random ones). OpenTelemetry's own goes through each digit twice, at every request.
 */
class RatioSampler implements Sampler {
  readonly #below: number;

  constructor(ratio: number) {
    this.#below = ratio * 16 ** SAMPLED_DIGITS;
  }

  keeps(traceId: string): boolean {
    return Number.parseInt(traceId.slice(-SAMPLED_DIGITS), 16) < this.#below;
  }

  shouldSample(_context: Context, traceId: string) {
    const { RECORD_AND_SAMPLED, NOT_RECORD } = SamplingDecision;
    return { decision: this.keeps(traceId) ? RECORD_AND_SAMPLED : NOT_RECORD };
  }
}

/** Random ids, of which the next one can be looked at before it is used. They are cut from digits for hundreds at once. */
class Ids implements IdGenerator {
  #digits = "";
  #at = 0;
  #next = this.take(TRACE_DIGITS);

  peek(): string {
    return this.#next;
  }

  generateTraceId(): string {
    const id = this.#next;
    this.#next = this.take(TRACE_DIGITS);
    return id;
  }

  generateSpanId(): string {
    return this.take(SPAN_DIGITS);
  }

  /** Never all zeros: that would be no id (W3C Trace Context). */
  take(digits: number): string {
    if (this.#at + digits > this.#digits.length) {
      this.#digits = randomBytes(4_096).toString("hex");
      this.#at = 0;
    }
    const id = this.#digits.slice(this.#at, this.#at + digits);
    this.#at += digits;
    return /[1-9a-f]/.test(id) ? id : this.take(digits);
  }
}

const ids = new Ids();
let rootSampler: RatioSampler | undefined;

/** Of a request that came without one: 128 random bits, as the gateway gives them. */
export const newRequestId = (): string => ids.take(TRACE_DIGITS);

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

/**
 * The span of a request, in the caller's trace or in a new one. Of a trace that is not kept it has the ids only: those
 * go into logs and answers, and a span that nobody sees would cost ten times as much.
 */
export function startRequestSpan(method: string, headers: IncomingHttpHeaders): Span {
  const known = headers.traceparent !== undefined;
  const parent = known ? continueTrace(headers) : ROOT_CONTEXT;
  const caller = known ? trace.getSpanContext(parent) : undefined;
  if (isKept(caller))
    return tracer.startSpan(method, { kind: SpanKind.SERVER, attributes: { "http.request.method": method } }, parent);
  return trace.wrapSpanContext({
    ...caller,
    traceId: caller?.traceId ?? ids.generateTraceId(),
    spanId: ids.generateSpanId(),
    traceFlags: TraceFlags.NONE,
  });
}

/** The caller decides; without one the sampler does, by the id that the trace would have. */
function isKept(caller: SpanContext | undefined): boolean {
  if (caller) return (caller.traceFlags & TraceFlags.SAMPLED) !== 0;
  return rootSampler?.keeps(ids.peek()) ?? false;
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

/** By which the API looks for the span in a context; it tells nobody, so it is asked to put one. */
const SPAN = (() => {
  const keys: symbol[] = [];
  const probe = { setValue: (key: symbol) => keys.push(key) } as unknown as Context;
  trace.setSpan(probe, trace.wrapSpanContext({ traceId: "", spanId: "", traceFlags: TraceFlags.NONE }));
  return keys[0];
})();

/** The two values that each request has; OpenTelemetry's own context copies a map for each of them. */
class RequestContext implements Context {
  readonly span: Span;
  readonly requestId: string;

  constructor(span: Span, requestId: string) {
    this.span = span;
    this.requestId = requestId;
  }

  getValue(key: symbol): unknown {
    if (key === SPAN) return this.span;
    return key === REQUEST_ID ? this.requestId : undefined;
  }

  setValue(key: symbol, value: unknown): Context {
    if (key === SPAN) return new RequestContext(value as Span, this.requestId);
    return withRequestId(trace.setSpan(ROOT_CONTEXT, this.span), this.requestId).setValue(key, value);
  }

  deleteValue(key: symbol): Context {
    return withRequestId(trace.setSpan(ROOT_CONTEXT, this.span), this.requestId).deleteValue(key);
  }
}

/** Runs `work`, and all that it begins, as part of the request. */
export function inRequest(span: Span, requestId: string, work: () => void): void {
  context.with(new RequestContext(span, requestId), work);
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
