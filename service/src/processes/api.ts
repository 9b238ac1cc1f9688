import { takeMeanWaitMs } from "../data/postgres/instruments.ts";
import { createBoss } from "../data/queue/queue.ts";
import { demandOf } from "../http/admission/demand.ts";
import { createApp } from "../http/app.ts";
import { mountRoutes } from "../http/routes.ts";
import { adminHandler } from "../process/admin-server.ts";
import type { Config } from "../process/config.ts";
import { listen, type Running } from "../process/lifecycle.ts";
import { type Base, type Opened, type Overrides, startProcess, untilAvailable } from "../process/start.ts";
import { createAdmission } from "../resilience/admission/admission.ts";
import { openUpstreams } from "../upstreams/clients.ts";
import { openAuth, openFeatures, openRealtime } from "./api-features.ts";
import { migrate } from "./migrate.ts";
import { watchBreakers } from "./opened-breakers.ts";
import { openStores, type Stores } from "./stores.ts";

/** The public HTTP API. */
export function startApi(config: Config, overrides?: Overrides): Promise<Running> {
  return startProcess(config, overrides, openApi);
}

export async function openApi(base: Base): Promise<Opened> {
  const { config, log, metrics, lifecycle, observe } = base;
  const stores = openStores(base);
  const { database, stateRedis, reports } = stores;
  const boss = createBoss(database.primary, log, { supervise: false });
  const auth = openAuth(base, stores);
  const upstreams = openUpstreams({ config, metrics });
  for (const [name, client] of Object.entries(upstreams)) lifecycle.onClose(name, () => client.close());
  const handlers = openFeatures(base, stores, auth, boss, upstreams);
  const readiness = [
    { name: "database", check: () => database.ping() },
    { name: "redis-state", check: () => stateRedis.ping() },
    // Not the cache: all pods share it, and without it each of them still serves everything.
  ];
  // Before the dependencies are waited for: meanwhile the probes get true answers.
  const admin = adminHandler({ metrics, lifecycle, readiness });
  const adminPort = await listen(lifecycle, "admin server", config.ADMIN_PORT, admin);
  await untilAvailable(base, "migrating the database", () => migrate(config, log));
  await untilAvailable(base, "starting the job queue", () => boss.start());
  lifecycle.onClose("job queue", () => boss.stop());
  const breakers = watchBreakers(database.primary, upstreams, log);
  lifecycle.onClose("opened breakers", () => breakers.stop());
  reports.start();

  const app = createApp({ log, metrics, reports, observe, draining: () => lifecycle.draining }, (express) =>
    mountRoutes(express, { database, metrics, log, ...auth }, handlers),
  );
  const realtime = openRealtime(base, stores, auth);
  const admission = openAdmission(base, stores);
  const httpPort = await listen(lifecycle, "http server", config.HTTP_PORT, admission.admit(app), realtime.attach);
  // Registered after the server, so closed before it: the server would wait for open sockets.
  lifecycle.onClose("sockets", () => realtime.close());
  return { httpPort, adminPort, drainSeconds: config.DRAIN_SECONDS };
}

function openAdmission({ log, metrics, lifecycle, watchEventLoopDelay }: Base, { database }: Stores) {
  const poolWaitMs = (pool: "primary" | "replica") => takeMeanWaitMs(database[pool]);
  const admission = createAdmission({ log, metrics, poolWaitMs, watchEventLoopDelay, demandOf });
  lifecycle.onClose("admission", async () => admission.stop());
  return admission;
}
