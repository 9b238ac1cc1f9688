import type { SpanContext } from "@opentelemetry/api";
import { type Logger as PinoLogger, symbols } from "pino";
import type { Logger } from "./log.ts";

/** What the line of an answered request says. None of it can hold a secret, a quote or a control character. */
export interface Answered {
  /** One of those that Node.js' parser knows. */
  method: string;
  /** The route's template. */
  route: string;
  status: number;
  duration_ms: number;
}

/** What pino builds once for a logger, and where it writes; its `symbols` are a public part of it. */
type Parts = PinoLogger & {
  [symbols.chindingsSym]: string;
  [symbols.timeSym](): string;
  [symbols.streamSym]: { write(line: string): void };
};

/**
 * Writes a line for each answered request, the same as `log.info` would. It is put together by hand: formatting and
 * looking for secrets cost a tenth of a cached read, and here there is nothing to escape and no secret to be found.
 */
export function createAccessLog(log: Logger): (span: SpanContext, requestId: string, answered: Answered) => void {
  const parts = log as Parts;
  return ({ traceId, spanId }, requestId, { method, route, status, duration_ms }) => {
    if (!log.isLevelEnabled("info")) return;
    const head = `{"level":"info"${parts[symbols.timeSym]()}${parts[symbols.chindingsSym]}`;
    const ids = `,"trace_id":"${traceId}","span_id":"${spanId}","request_id":"${requestId}"`;
    const what = `,"method":"${method}","route":"${route}","status":${status},"duration_ms":${duration_ms}`;
    parts[symbols.streamSym].write(`${head}${ids}${what},"msg":"request answered"}\n`);
  };
}
