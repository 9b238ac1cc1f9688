import type { SpanProcessor } from "@opentelemetry/sdk-trace";
import { ExponentialBackoff, handleWhen, retry } from "cockatiel";
import type { RequestHandler } from "express";
import type { Database } from "../data/postgres/database.ts";
import { groupStore } from "../data/repositories/error-groups.ts";
import { isUnavailable } from "../errors/problem.ts";
import { ErrorReports } from "../errors/reports.ts";
import { observe } from "../http/observe.ts";
import { createLogger, type Logger } from "../observability/log.ts";
import { createMetrics, type Metrics } from "../observability/metrics/metrics.ts";
import { startTracing } from "../observability/tracing.ts";
import { type WatchEventLoopDelay, watchEventLoopDelay } from "../resilience/event-loop-delay.ts";
import type { Config } from "./config.ts";
import { Lifecycle, type Running } from "./lifecycle.ts";

/** What every process has: a log, metrics, traces and an orderly end. */
export interface Base {
  config: Config;
  log: Logger;
  metrics: Metrics;
  lifecycle: Lifecycle;
  /** What gives each request of a public server its span, metric and log line. */
  observe: RequestHandler;
  watchEventLoopDelay: WatchEventLoopDelay;
}

/** What a test puts in the place of the real thing. */
export interface Overrides {
  log?: Logger;
  spanProcessors?: SpanProcessor[];
  /** So that it does not count how busy the machine is. */
  watchEventLoopDelay?: WatchEventLoopDelay;
}

/** What a process opened for itself. */
export interface Opened {
  /** Only where there is a public server. */
  httpPort?: number;
  adminPort: number;
  /** Seconds to go on serving after a signal. */
  drainSeconds: number;
}

/** Starts a process; if it cannot open everything, what it did open is closed again. */
export async function startProcess(
  config: Config,
  overrides: Overrides | undefined,
  open: (base: Base) => Promise<Opened>,
): Promise<Running> {
  const base = startBase(config, overrides);
  const { log, lifecycle } = base;
  const {
    httpPort = 0,
    adminPort,
    drainSeconds,
  } = await open(base).catch(async (error: unknown) => {
    await lifecycle.drain(0);
    throw error;
  });
  lifecycle.started();
  log.info({ httpPort, adminPort }, "started");
  return { httpPort, adminPort, drain: () => lifecycle.drain(drainSeconds) };
}

function startBase(config: Config, overrides: Overrides = {}): Base {
  const log = overrides.log ?? createLogger(config);
  const lifecycle = new Lifecycle(log);
  const tracing = startTracing(config, log, overrides.spanProcessors);
  lifecycle.onClose("traces", () => tracing.stop());
  const metrics = createMetrics(config.SERVICE_VERSION);
  return {
    config,
    log,
    metrics,
    lifecycle,
    observe: observe(log, metrics),
    watchEventLoopDelay: overrides.watchEventLoopDelay ?? watchEventLoopDelay,
  };
}

/** To be called right after the database is opened: what is opened later can report errors until it is closed. */
export function openReports({ config, log, metrics, lifecycle }: Base, { primary }: Database): ErrorReports {
  const reports = new ErrorReports({
    store: groupStore(primary),
    log,
    metrics,
    release: config.SERVICE_VERSION,
    process: config.process,
  });
  lifecycle.onClose("error reports", () => reports.close());
  return reports;
}

/**
 * Waits at start for a database that is not there yet: it starts at the same time as we do, and a pod that crashes
 * until then only hides its reason. Any other error is ours and ends the process.
 */
export function untilAvailable<T>(
  { log, lifecycle }: Base,
  what: string,
  work: () => Promise<T>,
  also = (_error: Error) => false,
): Promise<T> {
  const patience = retry(
    handleWhen((error) => isUnavailable(error) || also(error)),
    { maxAttempts: Number.POSITIVE_INFINITY, backoff: new ExponentialBackoff({ initialDelay: 250, maxDelay: 3_000 }) },
  );
  patience.onFailure(({ reason }) => "error" in reason && log.warn({ err: reason.error }, `${what}: not yet`));
  return patience.execute(work, lifecycle.stopping);
}
