import { adminHandler } from "../admin.ts";
import type { Config } from "../config.ts";
import { createFaults } from "../doubles/faults.ts";
import { mountControl, mountTmdb } from "../doubles/tmdb.ts";
import { createApp } from "../http/app.ts";
import { listen, type Running } from "../lifecycle.ts";
import { type Base, type Opened, type Overrides, startProcess } from "./start.ts";

/** Stand-ins for outside services, with knobs to make them misbehave. Never part of production. */
export function startDoubles(config: Config, overrides?: Overrides): Promise<Running> {
  return startProcess(config, overrides, openDoubles);
}

async function openDoubles({ config, log, metrics, lifecycle }: Base): Promise<Opened> {
  const faults = createFaults();
  const adminPort = await listen(
    lifecycle,
    "admin server",
    config.ADMIN_PORT,
    adminHandler({ metrics, lifecycle, readiness: [] }),
  );
  const app = createApp({ log, metrics, draining: () => lifecycle.draining }, (express) => {
    mountControl(express, faults);
    mountTmdb(express, faults, config.secrets.TMDB_TOKEN_FILE);
  });
  const httpPort = await listen(lifecycle, "http server", config.HTTP_PORT, app);
  return { httpPort, adminPort, drainSeconds: config.DRAIN_SECONDS };
}
