import { setTimeout as sleep } from "node:timers/promises";
import type pg from "pg";
import type { Logger } from "../../observability/log.ts";

/**
 * How long a statement of a migration waits for a lock, in milliseconds. While it waits, every statement that came to the
 * table after it waits too: better to step back and let them through.
 */
export const LOCK_MS = 2_000;
/** Tries of one migration: with their pauses, two minutes. What holds a lock for longer has to be looked at by a person. */
const TRIES = 30;
const PAUSE_MS = { least: 1_000, most: 3_000 };
/** PostgreSQL's lock_not_available. */
const LOCKED = "55P03";

export interface Migration {
  name: string;
  sql: string;
  /** Hash of the SQL: an applied file must not be edited, a new one follows it. */
  checksum: string;
}

const CONCURRENT = /^CREATE\s+(?:UNIQUE\s+)?INDEX\s+CONCURRENTLY\s+(\w+)\s+ON\s[^;]+;?$/i;

/**
 * The index that a migration builds without stopping writes: such a file has one statement, `CREATE INDEX CONCURRENTLY name
 * ON …`, and runs outside a transaction. Undefined for all others, which run in one.
 * @throws Error where there is more in the file
 */
export function concurrentIndex({ name, sql }: Migration): string | undefined {
  const statement = sql.replaceAll(/--.*$/gm, "").trim();
  if (!/\bCONCURRENTLY\b/i.test(statement)) return undefined;
  const index = CONCURRENT.exec(statement)?.[1];
  if (index) return index;
  throw new Error(
    `${name}: with CONCURRENTLY a file holds one CREATE INDEX CONCURRENTLY <name> ON …, and nothing else`,
  );
}

/** Applies one migration and records it. The connection has LOCK_MS as its lock_timeout. */
export async function applyMigration(client: pg.ClientBase, migration: Migration, log: Logger): Promise<void> {
  const index = concurrentIndex(migration);
  const apply = index === undefined ? inTransaction : buildIndex(index);
  try {
    await whenUnlocked(migration.name, log, () => apply(client, migration));
  } catch (error) {
    throw new Error(`Migration ${migration.name} failed: ${(error as Error).message}`, { cause: error });
  }
}

/** Does the work again, after a pause, as long as it finds a lock taken; `work` must leave nothing behind then. */
export async function whenUnlocked<T>(what: string, log: Logger, work: () => Promise<T>): Promise<T> {
  for (let tried = 1; ; tried++) {
    try {
      return await work();
    } catch (error) {
      if ((error as { code?: string }).code !== LOCKED || tried === TRIES) throw error;
      log.warn({ what, tried }, "a migration finds a lock taken, and tries again");
      await sleep(PAUSE_MS.least + Math.random() * (PAUSE_MS.most - PAUSE_MS.least));
    }
  }
}

async function inTransaction(client: pg.ClientBase, migration: Migration): Promise<void> {
  try {
    await client.query("BEGIN");
    await client.query(migration.sql);
    await record(client, migration);
    await client.query("COMMIT");
  } catch (error) {
    await client.query("ROLLBACK").catch(() => {});
    throw error;
  }
}

/**
 * It waits for every transaction that is older, and holds up none: so it has no lock_timeout. A build that failed, or whose
 * process died, leaves an invalid index, which is removed first; one that was finished but not recorded stays.
 */
function buildIndex(index: string) {
  return async (client: pg.ClientBase, migration: Migration): Promise<void> => {
    await client.query("SET lock_timeout = 0");
    try {
      const { rows } = await client.query<{ valid: boolean }>(
        "SELECT indisvalid AS valid FROM pg_index WHERE indexrelid = to_regclass($1)",
        [index],
      );
      if (rows[0]?.valid === false) await client.query(`DROP INDEX CONCURRENTLY ${index}`);
      if (!rows[0]?.valid) await client.query(migration.sql);
      await record(client, migration);
    } finally {
      await client.query(`SET lock_timeout = ${LOCK_MS}`).catch(() => {});
    }
  };
}

async function record(client: pg.ClientBase, { name, checksum }: Migration): Promise<void> {
  await client.query("INSERT INTO schema_migrations (name, checksum) VALUES ($1, $2)", [name, checksum]);
}
