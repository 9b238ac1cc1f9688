import { alertsOf } from "../../model/remedies.ts";
import { type Playbook, Refused } from "./playbook.ts";

/** Files that are on their way to the store at any moment. */
const ON_THEIR_WAY = 2;
const mi = (bytes: number) => Math.round(bytes / 1_048_576);

/**
 * Rotates the write-ahead log: closes the file in use, waits until the backup store has all, and then has PostgreSQL itself
 * recycle what it needs no more. No file is deleted by the responder, and none leaves the disk that the store does not have.
 */
export const archiveWal: Playbook = {
  name: "archive-wal",
  does: "Closes the file of the write-ahead log in use, waits until the backup store has all of it, and makes a checkpoint, after which PostgreSQL recycles what it needs no more. It deletes nothing.",
  alerts: alertsOf("archive-wal"),
  cooldownSeconds: 300,
  maxTries: 2,
  most: 1,
  unit: "logs",
  async find({ operations }) {
    const { bytes, mostBytes, archiving, failing, waiting, heldBy } = await operations.wal();
    if (!archiving) throw new Refused("nothing is archived: what is recycled would be in no backup");
    if (failing) throw new Refused("the backup store did not take the last file: mend that first");
    if (waiting > ON_THEIR_WAY)
      throw new Refused(`${waiting} files wait for the backup store: they have to get there first`);
    if (heldBy.length > 0) throw new Refused(`members that are away hold the log: ${heldBy.join(", ")}`);
    return bytes > mostBytes ? [{ id: "pg_wal", about: { bytes, mi: mi(bytes), mostMi: mi(mostBytes) } }] : [];
  },
  async act({ operations }, { about }) {
    await operations.archiveWal();
    const { bytes } = await operations.wal();
    return `all of the log is archived; on disk it went from ${about.mi} to ${mi(bytes)} MiB`;
  },
  async holds({ operations }, targets) {
    const { bytes } = await operations.wal();
    return targets.every(({ about }) => bytes < Number(about.bytes));
  },
};
