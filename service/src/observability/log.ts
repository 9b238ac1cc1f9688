import { type DestinationStream, type LevelWithSilent, type Logger as PinoLogger, pino } from "pino";
import { LineBuffer, SINK, type Sink } from "./line-buffer.ts";
import { createRedactor, describeError } from "./redact.ts";
import { currentRequestId, currentTrace } from "./tracing.ts";

export type Logger = PinoLogger;

export interface LogConfig {
  /** Name of the process: the field `service` is `media-<process>`. */
  process: string;
  SERVICE_VERSION: string;
  LOG_LEVEL: LevelWithSilent;
  /** Values that no line may contain. */
  secrets?: Partial<Record<string, string>>;
}

/** JSON lines on stdout, without secrets; every line carries the trace, span and request that it belongs to. */
export function createLogger(config: LogConfig, to?: DestinationStream): Logger {
  const options = {
    level: config.LOG_LEVEL,
    base: { service: `media-${config.process}`, version: config.SERVICE_VERSION },
    timestamp,
    formatters: { level: (label: string) => ({ level: label }) },
    serializers: { err: describeError },
    hooks: {
      streamWrite: createRedactor(Object.values(config.secrets ?? {}).filter((secret) => secret !== undefined)),
    },
    mixin: correlation,
  };
  return pino(options, to ?? stdout());
}

let writtenAt = 0;
let written = "";

/** The time as RFC 3339 has it, written out once for all lines of a millisecond. */
function timestamp(): string {
  const now = Date.now();
  if (now !== writtenAt) {
    writtenAt = now;
    written = `,"time":"${new Date(now).toISOString()}"`;
  }
  return written;
}

let opened: LineBuffer | undefined;

/** One for all loggers of the process: their lines stay in order. */
function stdout(): LineBuffer {
  if (opened) return opened;
  const lines = new LineBuffer(pino.destination({ dest: 1, ...SINK }) as unknown as Sink);
  process.prependListener("beforeExit", () => lines.pass());
  process.prependListener("exit", () => lines.flushSync());
  opened = lines;
  return lines;
}

function correlation(): Record<string, string> {
  const trace = currentTrace();
  const requestId = currentRequestId();
  return {
    ...(trace && { trace_id: trace.traceId, span_id: trace.spanId }),
    ...(requestId && { request_id: requestId }),
  };
}
