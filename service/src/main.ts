import { type Config, ConfigError, loadConfig, PROCESSES, type ProcessName } from "./config.ts";
import type { Running } from "./lifecycle.ts";
import { createLogger, type Logger } from "./log.ts";
import { migrate } from "./migrate.ts";
import { startApi } from "./processes/api.ts";
import { startDoubles } from "./processes/doubles.ts";
import { startWorker } from "./processes/worker.ts";

/** Past its drain time a process has this long to end before it ends itself; Kubernetes' default grace is 30 s. */
const CLOSE_SECONDS = 20;

const START: Record<Exclude<ProcessName, "migrate">, (config: Config) => Promise<Running>> = {
  api: startApi,
  worker: startWorker,
  doubles: startDoubles,
};

async function main(config: Config, log: Logger): Promise<void> {
  if (config.process === "migrate") {
    await migrate(config, log);
    return;
  }
  const stopped = signalled();
  // A start can wait long for a database: a signal ends that too.
  const running = await Promise.race([START[config.process](config), stopped]);
  if (!running) return;
  await stopped;
  setTimeout(
    () => fail(log, new Error("could not end in time")),
    (config.DRAIN_SECONDS + CLOSE_SECONDS) * 1_000,
  ).unref();
  await running.drain();
}

function signalled(): Promise<undefined> {
  return new Promise((resolve) => {
    for (const signal of ["SIGTERM", "SIGINT"]) process.on(signal, () => resolve(undefined));
  });
}

/** A bug: logged with its trace, and the process ends, since nobody knows in what state it is. */
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
  await main(config, log).catch((error: unknown) => fail(log, error));
  process.exit(0);
} catch (error) {
  if (!(error instanceof ConfigError)) throw error;
  console.error(error.message);
  process.exit(2);
}
