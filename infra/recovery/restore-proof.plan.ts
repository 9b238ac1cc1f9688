import type { Tier } from "../config/tiers.ts";
import type { DataHandles } from "../data/handles.ts";
import { CA_FILES, pgbackrestConfig, pgbackrestSecrets, type Stores } from "../data/postgres/pgbackrest.plan.ts";
import { type Endpoint, hostPort } from "../lib/handles.ts";
import type { CronJobSpec } from "../lib/workload.types.ts";
import { recoveryScripts } from "./scripts.ts";

export interface RestoreProofArgs {
  sizes: Pick<Tier, "backup" | "postgres" | "restoreProof">;
  backups: Stores;
  data: Pick<DataHandles, "pgbouncer" | "postgres">;
  pushgateway: Pick<Endpoint, "link" | "host" | "port">;
}

/** A backup is proved by the second run after its end at the latest: within half an hour. */
const EVERY_MINUTES = 15;
/** A run that takes longer is ended, and has failed. */
const DEADLINE_SECONDS = 3600;
const SCRATCH = "/scratch";
/** The newest backup may be older than its interval by the time that the next one takes. */
const LATE_HOURS = 2;

/**
 * Proves that the newest backup can be restored (scripts/proof.py). It looks every few minutes, and restores where a backup is
 * new or the last proof is old. Drills make Jobs from it with other commands: its pod has what a recovery needs.
 */
export function restoreProofPlan({ sizes, backups, data, pushgateway }: RestoreProofArgs): CronJobSpec {
  const { pgbouncer, postgres } = data;
  const { backup } = sizes;
  return {
    name: "restore-proof",
    component: "recovery",
    kind: "CronJob",
    schedule: { cron: `*/${EVERY_MINUTES} * * * *`, deadlineSeconds: DEADLINE_SECONDS },
    image: "postgres",
    command: ["python3", "/opt/scripts/proof.py"],
    env: {
      BACKUP_MOST_AGE_HOURS: String(backup.everyHours + LATE_HOURS),
      DATABASE_NAME: pgbouncer.primary.database,
      DATABASE_PASSWORD_FILE: "/run/secrets/database/password",
      DATABASE_USER: pgbouncer.primary.user,
      MOST_LAG_SECONDS: String(MOST_LAG_SECONDS),
      PGBACKREST_CONFIG_INCLUDE_PATH: "/run/secrets/pgbackrest",
      POOLER_HOST: pgbouncer.primary.host,
      POOLER_PORT: String(pgbouncer.primary.port),
      POSTGRES_BIN: "/usr/lib/postgresql/17/bin",
      PRIMARY_HOST: postgres.primary.host,
      PRIMARY_PORT: String(postgres.primary.port),
      PROOF_EVERY_HOURS: String(sizes.restoreProof.everyHours),
      PUSHGATEWAY_URL: `http://${hostPort(pushgateway as Endpoint)}`,
      // The scripts are on a read-only volume.
      PYTHONDONTWRITEBYTECODE: "1",
      SCRATCH_FOLDER: SCRATCH,
    },
    connectsTo: ["external-backup-store", pgbouncer.primary.link, postgres.primary.link, pushgateway.link],
    files: {
      pgbackrest: {
        path: "/etc/pgbackrest",
        reload: true,
        data: {
          "pgbackrest.conf": pgbackrestConfig(backups, { keep: backup.keep, volumeGi: sizes.postgres.volumeGi }),
          [CA_FILES.own]: backups.caPem ?? "",
        },
      },
      scripts: { path: "/opt/scripts", reload: true, data: recoveryScripts() },
    },
    secrets: {
      database: { path: "/run/secrets/database", reload: true, data: { password: pgbouncer.primary.password } },
      "pgbackrest-secrets": {
        path: "/run/secrets/pgbackrest",
        reload: true,
        data: { "keys.conf": pgbackrestSecrets(backups) },
      },
    },
    volumes: {
      // The pod's own: it is gone with the pod, however that ends.
      scratch: { type: "scratch", path: SCRATCH, sizeMi: sizes.postgres.volumeGi * 1024 },
      shm: { type: "scratch", path: "/dev/shm", sizeMi: 64, inMemory: true },
    },
    resources: { cpuMilli: 5, memoryMi: sizes.restoreProof.memoryMi, requestMi: 64 },
    drain: { graceSeconds: 5 },
  };
}

/** Acknowledged work that may be missing in the store: five times what `archive_timeout` lets be. */
const MOST_LAG_SECONDS = 300;
