import { MOST_LAG_SECONDS } from "@media/service/objectives";
import type { Tier } from "../../config/tiers.ts";
import { portOf } from "../../lib/endpoints.ts";
import type { ContainerSpec } from "../../lib/workload.types.ts";
import { DATABASE } from "../handles.ts";
import { DATA } from "./patroni.plan.ts";
import type { Stores } from "./pgbackrest.plan.ts";

export interface SidecarArgs {
  sizes: Tier["postgres"];
  backup: Tier["backup"];
  backups: Stores;
}

/** Where the expirer's keys are. */
export const EXPIRY = { secret: "pgbackrest-expiry-secrets", path: "/run/secrets/pgbackrest-expiry" } as const;

/** The member's name, under the name that Patroni and patronictl read. */
export const PATRONI_NAME = { field: "metadata.name" };

/** How pgBackRest finds the stores. */
export function storeAccess({ backups }: Pick<SidecarArgs, "backups">) {
  return {
    BACKUP_ENDPOINT: backups.endpoint,
    PGBACKREST_CONFIG_INCLUDE_PATH: "/run/secrets/pgbackrest",
    ...(backups.restoreFrom ? { RESTORE_ENDPOINT: backups.restoreFrom.endpoint } : {}),
  };
}

/** Off by default: the statements that take the most time (by id, never by text), what runs for long, checkpoints. */
const COLLECTORS = ["stat_statements", "long_running_transactions", "stat_checkpointer"].map(
  (name) => `--collector.${name}`,
);

export function exporter(): ContainerSpec {
  return {
    image: "postgres-exporter",
    command: [
      "/usr/bin/prometheus-postgres-exporter",
      `--web.listen-address=:${portOf("postgres", "metrics")}`,
      "--extend.query-path=/etc/postgres-exporter/queries.yaml",
      ...COLLECTORS,
    ],
    // By the socket, where the server knows its user and asks for no password.
    env: { DATA_SOURCE_NAME: `host=/var/run/postgresql user=exporter dbname=${DATABASE} sslmode=disable` },
    ports: ["metrics"],
    mounts: ["queries", "run"],
    resources: { memoryMi: 64 },
  };
}

/** Takes the backups; it runs where the data is, and acts on the primary only. */
export function keeper(args: SidecarArgs): ContainerSpec {
  return {
    image: "postgres",
    command: ["/opt/scripts/keeper.sh"],
    env: { ...storeAccess(args), BACKUP_EVERY_HOURS: String(args.backup.everyHours), PGDATA: DATA },
    mounts: ["data", "pgbackrest", "pgbackrest-secrets", "run", "scripts", "tmp"],
    resources: { memoryMi: 256, requestMi: 32 },
  };
}

/** Removes from the backup store what is not kept, with keys that no other container has. */
export function expirer(args: SidecarArgs): ContainerSpec {
  return {
    image: "postgres",
    command: ["/opt/scripts/expirer.sh"],
    env: { ...storeAccess(args), PGBACKREST_CONFIG_INCLUDE_PATH: EXPIRY.path },
    mounts: [EXPIRY.secret, "pgbackrest", "scripts", "tmp"],
    // It sleeps, and looks for a second every five minutes.
    resources: { cpuMilli: 1, memoryMi: 128, requestMi: 16 },
  };
}

/** Looks at the member all the time: says whether it may answer, and mends what Patroni leaves (watcher/watcher.py). */
export function watcher(args: SidecarArgs): ContainerSpec {
  const { members, maintenanceHours } = args.sizes;
  return {
    image: "postgres",
    command: ["python3", "/opt/scripts/watcher.py"],
    env: {
      ...storeAccess(args),
      MAINTENANCE_HOURS: maintenanceHours,
      MEMBERS: String(members),
      MOST_LAG_SECONDS: String(MOST_LAG_SECONDS),
      PATRONI_NAME,
      WATCHER_PORT: String(portOf("postgres", "watcher")),
    },
    ports: ["watcher"],
    // The pod is ready when all its containers are: a standby without a stream gets no callers, and a rollout waits.
    probes: { readiness: { path: "/ready", port: "watcher", periodSeconds: 3, failures: 2 } },
    mounts: ["patroni", "patroni-secrets", "pgbackrest", "pgbackrest-secrets", "roles", "run", "scripts", "tmp"],
    resources: { memoryMi: 96, requestMi: 32 },
  };
}
