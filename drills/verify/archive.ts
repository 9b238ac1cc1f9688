import { eventually } from "../lib/eventually.ts";
import type { Stack } from "../lib/stack.ts";
import { inPostgres, sql } from "./postgres.ts";

const BACKUP_SECONDS = 180;
const ARCHIVE_SECONDS = 60;

interface Backup {
  archive: { start: string };
}

/**
 * Waits until the store has a backup of the timeline that the primary writes: what a failed primary had not archived is
 * missing for good, so that a recovery from an older backup could end there.
 */
export async function waitForBackup(stack: Stack): Promise<void> {
  await eventually("a backup of the running timeline", BACKUP_SECONDS, async () => {
    const running = await sql(stack, "primary", "select left(pg_walfile_name(pg_current_wal_lsn()), 8)");
    const info = await inPostgres(stack, "primary", ["pgbackrest", "--stanza=main", "--output=json", "info"]);
    const [stanza] = JSON.parse(info) as { backup?: Backup[]; status: { message: string } }[];
    const newest = stanza?.backup?.at(-1);
    if (!newest) throw new Error(`pgBackRest reports: ${stanza?.status.message ?? "no stanza"}`);
    if (!newest.archive.start.startsWith(running))
      throw new Error(`the newest backup begins with ${newest.archive.start}, the timeline is ${running}`);
  });
}

/** Closes the WAL segment and waits until it is in the store. */
export async function archiveAll(stack: Stack): Promise<void> {
  const segment = await sql(stack, "primary", "select pg_walfile_name(pg_switch_wal())");
  await eventually(`WAL segment ${segment} in the store`, ARCHIVE_SECONDS, async () => {
    const last = await sql(stack, "primary", "select coalesce(last_archived_wal, '') from pg_stat_archiver");
    if (last < segment) throw new Error(`the last one archived is ${last || "none"}`);
  });
}
