import type { Express } from "express";
import { createFaults } from "../doubles/faults.ts";
import { mountPlex, mountYoutube } from "../doubles/others.ts";
import { mountOverseerr } from "../doubles/overseerr.ts";
import { startSink } from "../doubles/sink/sink.ts";
import { mountControl, mountTmdb } from "../doubles/tmdb.ts";
import { createApp } from "../http/app.ts";
import { setFields } from "../http/observe.ts";
import { adminHandler } from "../process/admin-server.ts";
import type { Config } from "../process/config.ts";
import { listen, type Running } from "../process/lifecycle.ts";
import { type Base, type Opened, type Overrides, startProcess } from "../process/start.ts";

/** Stand-ins for upstreams, with knobs to make them misbehave. Never part of production. */
export function startDoubles(config: Config, overrides?: Overrides): Promise<Running> {
  return startProcess(config, overrides, openDoubles);
}

async function openDoubles({ config, log, metrics, lifecycle, observe }: Base): Promise<Opened> {
  const services = { tmdb: createFaults(), plex: createFaults(), youtube: createFaults(), overseerr: createFaults() };
  const adminPort = await listen(
    lifecycle,
    "admin server",
    config.ADMIN_PORT,
    adminHandler({ metrics, lifecycle, readiness: [] }),
  );
  const app = createApp({ log, metrics, observe, draining: () => lifecycle.draining }, (express) => {
    express.use(setFields);
    // Without a name it is TMDB's, which was here first.
    mountControl(express, "/control", services.tmdb);
    for (const [name, faults] of Object.entries(services)) mountControl(express, `/control/${name}`, faults);
    mountTmdb(express, services.tmdb, config.secrets.TMDB_TOKEN_FILE);
    mountPlex(express, services.plex);
    mountYoutube(express, services.youtube);
    mountOverseerr(express, services.overseerr);
  });
  const httpPort = await listen(lifecycle, "http server", config.HTTP_PORT, app);
  const { SINK_PORT, SMTP_PORT, secrets } = config;
  if (SINK_PORT !== undefined && SMTP_PORT !== undefined) {
    const token = secrets.ALERT_WEBHOOK_TOKEN_FILE;
    const onClose = lifecycle.onClose.bind(lifecycle);
    const serve = (express: Express) => listen(lifecycle, "sink", SINK_PORT, express);
    await startSink({ onClose, serve, log, smtpPort: SMTP_PORT, token });
  }
  return { httpPort, adminPort, drainSeconds: config.DRAIN_SECONDS };
}
