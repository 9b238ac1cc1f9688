import { ensureFirstAdmin } from "../auth/first-admin.ts";
import type { Migration } from "../data/postgres/apply-migration.ts";
import { type MigrateConfig, migrateDatabase } from "../data/postgres/migrate.ts";
import type { Logger } from "../observability/log.ts";

interface Settings extends MigrateConfig {
  secrets: MigrateConfig["secrets"] & { FIRST_ADMIN_FILE?: string | undefined };
}

/**
 * Brings the database to what this version needs, and makes the first administrator where one is configured and none
 * exists. Returns the names of the migrations that were applied.
 */
export function migrate(config: Settings, log: Logger, migrations?: Migration[]): Promise<string[]> {
  const firstAdmin = config.secrets.FIRST_ADMIN_FILE;
  return migrateDatabase(config, log, {
    ...(migrations && { migrations }),
    ...(firstAdmin && { afterwards: (client) => ensureFirstAdmin(client, firstAdmin, log) }),
  });
}
