import { type DestinationStream, type LevelWithSilent, type Logger as PinoLogger, pino } from "pino";
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
  const redact = createRedactor(Object.values(config.secrets ?? {}).filter((secret) => secret !== undefined));
  const options = {
    level: config.LOG_LEVEL,
    base: { service: `media-${config.process}`, version: config.SERVICE_VERSION },
    timestamp,
    formatters: { level: (label: string) => ({ level: label }) },
    serializers: { err: describeError },
    hooks: {
      streamWrite: (line: string) => (foreign !== undefined && redact(foreign) === foreign ? line : redact(line)),
    },
    mixin: () => (foreign === undefined ? correlation() : {}),
  };
  return pino(options, to ?? stdout());
}

/** While an own line is written: the only text in it that comes from elsewhere. */
let foreign: string | undefined;

/**
 * Writes a line in which `text` is the only value that comes from elsewhere, and which has its own ids. Where redaction would
 * leave the text as it is, it would leave the line, and is spared that. The text must need no escape in JSON.
 */
export function writeOwnLine(text: string, write: () => void): void {
  foreign = text;
  try {
    write();
  } finally {
    foreign = undefined;
  }
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

/**
 * One for all loggers of the process, so that their lines stay in order. Lines are written together: a system call for each
 * would cost a tenth of the throughput. pino writes what is left when the process ends, and with each `fatal`; a SIGKILL may
 * lose the last tenth of a second.
 */
const DESTINATION = { dest: 1, sync: false, minLength: 8_192, periodicFlush: 100, contentMode: "buffer" } as const;
let opened: DestinationStream | undefined;

function stdout(): DestinationStream {
  opened ??= inBytes(pino.destination(DESTINATION));
  return opened;
}

/** Of lines handed over as text pino's destination counts the bytes anew with each line, of all that wait (docs/decisions/0028). */
export function inBytes(destination: ReturnType<typeof pino.destination>): DestinationStream & { flushSync(): void } {
  const bytes = destination as unknown as { write(line: Buffer): boolean };
  return { write: (line) => void bytes.write(Buffer.from(line)), flushSync: () => destination.flushSync() };
}

function correlation(): Record<string, string> {
  const trace = currentTrace();
  const requestId = currentRequestId();
  return {
    ...(trace && { trace_id: trace.traceId, span_id: trace.spanId }),
    ...(requestId && { request_id: requestId }),
  };
}
