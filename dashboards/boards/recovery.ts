import { board } from "../library/board.ts";
import * as q from "../library/queries.ts";
import { lines, number, states } from "../library/short.ts";
import * as limit from "../thresholds.ts";

/** What would be lost, and how long it would take. */
export const recovery = () =>
  board({
    uid: "recovery",
    title: "Recovery",
    description: "How much would be lost now: age of the backup, of the archived log, of each standby.",
    tags: ["data"],
    from: "now-24h",
    refresh: "1m",
    rows: [
      { title: "What could be lost now", panels: exposure() },
      { title: "Archive", panels: archive() },
      { title: "Standbys", panels: standbys() },
    ],
  });

const exposure = () => [
  number("Age of the Backup", "s", "Since the newest full backup ended.", [q.backupAge()], {
    limit: limit.BACKUP_AGE_SECONDS,
  }),
  number(
    "Waiting for the Archive",
    "s",
    "For how long the oldest file of the write-ahead log has waited for the backup store. It is what a lost disk would lose.",
    [q.archiveWait()],
    {
      limit: limit.ARCHIVE_WAIT_SECONDS,
    },
  ),
  number(
    "Log Dropped",
    "short",
    "Whether log was dropped while the store was away: no time after it can be restored until a full backup ends.",
    [q.archiveDropped()],
    {
      words: { 0: { text: "no", color: "green" }, 1: { text: "yes", color: "red" } },
    },
  ),
  number(
    "Archived",
    "short",
    "Files of the log that the store took, and tries that failed, in an hour.",
    [
      ["sum(increase(pg_stat_archiver_archived_count[1h]))", "archived"],
      ["sum(increase(pg_stat_archiver_failed_count[1h]))", "failed"],
    ],
    { decimals: 0 },
  ),
];

const archive = () => [
  lines("Waiting Files", "short", "Files of the write-ahead log that the store does not have yet.", [
    ["max by (pod) (pg_archive_waiting_files)", "{{pod}}"],
  ]),
  lines("Waiting Bytes", "bytes", "Their size. When too much waits, it is dropped.", [
    ["max by (pod) (pg_archive_waiting_bytes)", "{{pod}}"],
  ]),
  lines(
    "Since the Last File",
    "s",
    "Since the archive took one. A file is closed at the latest after archive_timeout.",
    [["min(pg_stat_archiver_last_archive_age)", "last"]],
  ),
];

const standbys = () => [
  states(
    "Streaming",
    "Whether each member receives the log from another, or is the primary.",
    ["min by (pod) (pg_replica_streaming)", "{{pod}}"],
    {
      0: { text: "cut off", color: "red" },
      1: { text: "streaming", color: "green" },
    },
  ),
  lines(
    "Behind",
    "s",
    "Age of the newest commit that each member has replayed: what would be lost if it took over.",
    [["max by (pod) (pg_replica_age_seconds)", "{{pod}}"]],
    {
      limit: limit.REPLICA_AGE_SECONDS,
      span: 12,
    },
  ),
];
