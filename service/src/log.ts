import { type DestinationStream, type Logger as PinoLogger, pino, stdTimeFunctions } from "pino";
import type { Config } from "./config.ts";
import { currentRequestId, currentTrace } from "./telemetry.ts";

export type Logger = PinoLogger;

/** Never written, wherever in a logged object they stand one or two levels deep. */
const SECRET_KEYS = ["authorization", "cookie", "password", "token", "secret", "accessKey", "secretKey", "apiKey"];
const REDACTED = SECRET_KEYS.flatMap((key) => [key, `*.${key}`, `*.*.${key}`]);

/** JSON lines on stdout; every line carries the trace, span and request that it belongs to. */
export function createLogger(
  config: Pick<Config, "process" | "SERVICE_VERSION" | "LOG_LEVEL">,
  to?: DestinationStream,
): Logger {
  const options = {
    level: config.LOG_LEVEL,
    base: { service: `media-${config.process}`, version: config.SERVICE_VERSION },
    timestamp: stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    redact: { paths: REDACTED, censor: "[redacted]" },
    mixin: correlation,
  };
  return to ? pino(options, to) : pino(options);
}

function correlation(): Record<string, string> {
  const trace = currentTrace();
  const requestId = currentRequestId();
  return {
    ...(trace && { trace_id: trace.traceId, span_id: trace.spanId }),
    ...(requestId && { request_id: requestId }),
  };
}
