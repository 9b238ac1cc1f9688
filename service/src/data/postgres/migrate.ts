import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { PgBoss } from "pg-boss";
import type { Logger } from "../../observability/log.ts";
import { executor, QUEUES } from "../queue/queue.ts";
import { applyMigration, LOCK_MS, type Migration, whenUnlocked } from "./apply-migration.ts";
import { type DatabaseLogin, KEEP_ALIVE_MS } from "./database.ts";

const FOLDER = new URL("../../../migrations/", import.meta.url);
/** Any number, as long as all of our processes use the same: it names the lock. */
export const LOCK = 7_061_737_174;
const LOOK_MS = 250;

/** What the migration reads of the configuration. */
export interface MigrateConfig extends DatabaseLogin {
  /** PostgreSQL itself: the lock belongs to a session. */
  MIGRATE_PGHOST: string;
  MIGRATE_PGPORT: number;
}

interface MigrateOptions {
  /** @default the files in `migrations/` */
  migrations?: Migration[];
  /** Runs under the same lock, after the last migration. */
  afterwards?: (client: pg.Client) => Promise<void>;
}

/**
 * Brings the database to what this version needs. One process at a time: the rest wait for the lock and find nothing
 * left to do. The lock belongs to the session, so this goes to PostgreSQL itself and not through the pooler.
 */
export async function migrateDatabase(
  config: MigrateConfig,
  log: Logger,
  { migrations = readMigrations(), afterwards = async () => {} }: MigrateOptions = {},
): Promise<string[]> {
  const client = new pg.Client({
    host: config.MIGRATE_PGHOST,
    port: config.MIGRATE_PGPORT,
    user: config.PGUSER,
    password: config.secrets.PGPASSWORD_FILE,
    database: config.PGDATABASE,
    application_name: "media-migrate",
    lock_timeout: LOCK_MS,
    connectionTimeoutMillis: 3_000,
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEP_ALIVE_MS,
  });
  client.on("error", (error) => log.warn({ err: error }, "the migration's connection broke"));
  await client.connect();
  try {
    await takeLock(client, log);
    const applied = await applyFiles(client, migrations, log);
    await whenUnlocked("the job queue's schema", log, () => prepareQueue(client));
    await afterwards(client);
    if (applied.length > 0) log.info({ applied }, "database migrated");
    return applied;
  } finally {
    // Closing the session gives the lock back, whatever happened.
    await client.end().catch(() => {});
  }
}

/**
 * Waits for as long as another process migrates. By asking again and again: a statement that waits would itself be waited
 * for by an index that the other builds concurrently, which is a deadlock.
 */
async function takeLock(client: pg.Client, log: Logger): Promise<void> {
  for (let waited = false; ; waited = true) {
    const { rows } = await client.query<{ taken: boolean }>("SELECT pg_try_advisory_lock($1) AS taken", [LOCK]);
    if (rows[0]?.taken) return;
    if (!waited) log.info("another process migrates the database");
    await sleep(LOOK_MS);
  }
}

export function readMigrations(folder: URL = FOLDER): Migration[] {
  return readdirSync(folder)
    .filter((name) => /^\d{3}-.+\.sql$/.test(name))
    .sort()
    .map((name) => {
      const sql = readFileSync(new URL(name, folder), "utf8");
      return { name, sql, checksum: createHash("sha256").update(sql).digest("hex") };
    });
}

async function applyFiles(client: pg.Client, migrations: Migration[], log: Logger): Promise<string[]> {
  await client.query(
    "CREATE TABLE IF NOT EXISTS schema_migrations (name text PRIMARY KEY, checksum text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())",
  );
  const { rows } = await client.query<{ name: string; checksum: string }>(
    "SELECT name, checksum FROM schema_migrations",
  );
  const pending = pendingMigrations(migrations, new Map(rows.map(({ name, checksum }) => [name, checksum])));
  for (const migration of pending) await applyMigration(client, migration, log);
  return pending.map(({ name }) => name);
}

/** What is still to be applied; throws when an applied file was edited since. */
export function pendingMigrations(migrations: Migration[], applied: Map<string, string>): Migration[] {
  const edited = migrations.filter(({ name, checksum }) => (applied.get(name) ?? checksum) !== checksum);
  if (edited.length > 0) {
    throw new Error(
      `Edited after they were applied: ${edited.map(({ name }) => name).join(", ")}. Undo that and add a new file.`,
    );
  }
  return migrations.filter(({ name }) => !applied.has(name));
}

/** pg-boss makes and upgrades its own schema; the running processes are not allowed to. */
async function prepareQueue(client: pg.Client): Promise<void> {
  const boss = new PgBoss({ db: executor(client), supervise: false, schedule: false });
  try {
    await boss.start();
    for (const [name, options] of Object.entries(QUEUES)) {
      await boss.createQueue(name, options);
      await boss.updateQueue(name, options);
      // A job takes it along when it is sent: those that were sent before the queue had it must not be lost either.
      await client.query(
        "UPDATE pgboss.job SET dead_letter = $2 WHERE name = $1 AND state < 'completed' AND dead_letter IS DISTINCT FROM $2",
        [name, options.deadLetter ?? null],
      );
    }
  } finally {
    await boss.stop({ graceful: false });
  }
}
