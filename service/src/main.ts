import { createLogger, type Logger } from "./observability/log.ts";
import { type Config, ConfigError, loadConfig, PROCESSES, type ProcessName } from "./process/config.ts";
import type { Running } from "./process/lifecycle.ts";

/** Past its drain time a process has this long to end before it ends itself; Kubernetes' default grace is 30 s. */
const CLOSE_SECONDS = 20;

type Start = (config: Config) => Promise<Running>;
type Task = (config: Config, log: Logger) => Promise<unknown>;
type Run = (config: Config, log: Logger) => Promise<void>;

/** Each process is loaded on demand: none pays for what only another one needs. */
const RUN: Record<ProcessName, Run> = {
  api: server(async () => (await import("./processes/api.ts")).startApi),
  worker: server(async () => (await import("./processes/worker.ts")).startWorker),
  doubles: server(async () => (await import("./processes/doubles.ts")).startDoubles),
  responder: server(async () => (await import("./processes/responder.ts")).startResponder),
  migrate: task(async () => (await import("./processes/migrate.ts")).migrate),
  "apply-payments": task(async () => (await import("./processes/apply-payments.ts")).applyPayments),
  prober: task(async () => (await import("./processes/prober.ts")).probe),
};

/** Runs until a signal, and then comes to an end in good order. */
function server(load: () => Promise<Start>): Run {
  return async (config, log) => {
    const stopped = signalled();
    const start = await load();
    // A start can wait long for a database: a signal ends that too.
    const running = await Promise.race([start(config), stopped]);
    if (!running) return;
    await stopped;
    setTimeout(
      () => fail(log, new Error("could not end in time")),
      (config.DRAIN_SECONDS + CLOSE_SECONDS) * 1_000,
    ).unref();
    await running.drain();
  };
}

/** Ends by itself. The first process of a container ignores signals that it does not handle, so it handles them. */
function task(load: () => Promise<Task>): Run {
  return async (config, log) => {
    const interrupted = signalled().then(() => {
      throw new Error("a signal came before the work was done");
    });
    log.info("started");
    const work = await load();
    await Promise.race([work(config, log), interrupted]);
  };
}

function signalled(): Promise<undefined> {
  return new Promise((resolve) => {
    for (const signal of ["SIGTERM", "SIGINT"]) process.on(signal, () => resolve(undefined));
  });
}

/** A bug: logged with its trace, and the process ends, since its state is unknown. */
function fail(log: Logger, error: unknown): never {
  log.fatal({ err: error }, "the process ends");
  process.exit(1);
}

function readConfig(): Config {
  const name = PROCESSES.find((known) => known === process.argv[2]);
  if (!name) throw new ConfigError(`Usage: node service/src/main.ts <${PROCESSES.join("|")}>`);
  return loadConfig(name, process.env);
}

try {
  const config = readConfig();
  const log = createLogger(config);
  process.on("uncaughtException", (error) => fail(log, error));
  await RUN[config.process](config, log).catch((error: unknown) => fail(log, error));
  process.exit(0);
} catch (error) {
  if (!(error instanceof ConfigError)) throw error;
  console.error(error.message);
  process.exit(2);
}
