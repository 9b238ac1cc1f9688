import { BACKUP_METRICS } from "@media/drills/metric-names";
import { board } from "../library/board.ts";
import * as q from "../library/queries.ts";
import { lines, number, states } from "../library/short.ts";
import * as limit from "../thresholds.ts";

/** What would be lost, and how long it would take. */
export const recovery = () =>
  board({
    uid: "recovery",
    title: "Recovery",
    description:
      "How much would be lost now, how long a recovery takes by the drills, and whether the newest backup was restored.",
    tags: ["data"],
    from: "now-24h",
    refresh: "1m",
    rows: [
      { title: "What could be lost now", panels: exposure() },
      { title: "Drills, by kind", panels: drills() },
      { title: "Restore proof", panels: proof() },
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

/** The kinds have objectives of their own, which the drill itself judges: no line is drawn. */
const drills = () => [
  number(
    "Recovery Time by Drill",
    "s",
    "RTO: from the fault of the newest drill of each kind to a verified journey.",
    [[q.drillSeconds("rto"), "{{kind}}"]],
    { span: 8, height: 8 },
  ),
  number(
    "Loss by Drill",
    "s",
    "RPO: acknowledged work that the newest drill of each kind lost, in seconds of it.",
    [[q.drillSeconds("rpo"), "{{kind}}"]],
    { span: 8, height: 8 },
  ),
  number(
    "Mean Time to Repair by Drill",
    "s",
    "MTTR: mean recovery time of each kind's drills in a week. With how sure it is: make drill KIND=report.",
    [[q.drillRepair("7d"), "{{kind}}"]],
    { span: 8, height: 8 },
  ),
  number(
    "Since the Drill",
    "s",
    "When the figures of each kind were measured: time since the end of its newest drill.",
    [[q.drillAge(), "{{kind}}"]],
    { span: 12, height: 8 },
  ),
  number(
    "Drill Passed",
    "short",
    "Whether the newest drill of each kind kept what it promises.",
    [[q.drillPassed(), "{{kind}}"]],
    { span: 12, height: 8, words: PASSED },
  ),
  number(
    "Mean Time to Resolve, Incidents",
    "s",
    "Of real incidents that were closed in a week, to hold against the drills.",
    [q.meanPhase("resolve", "7d")],
  ),
];

const PASSED = { 0: { text: "failed", color: "red" }, 1: { text: "passed", color: "green" } } as const;

const proof = () => [
  number("Since the Restore Proof", "s", "Since the newest backup was last restored to look at it.", [q.proofAge()], {
    limit: limit.PROOF_AGE_SECONDS,
  }),
  number("Age of the Proved Backup", "s", "Since the end of the newest backup that was restored well.", [
    q.provedAge(),
  ]),
  number("Proof Passed", "short", "Whether the newest proof found all that it looks for.", [q.proofPassed()], {
    words: PASSED,
  }),
  number("Proof Took", "s", "From its start to its verdict: a restore of all data on this machine.", [
    `max(${BACKUP_METRICS.proofDuration})`,
  ]),
  number(
    "Lag of the Proof",
    "s",
    "Acknowledged work that was not in the store when the proof looked: what a total loss would have lost.",
    [`max(${BACKUP_METRICS.proofLag})`],
  ),
  number("Rows of the Ledger", "short", "Rows of the ledger that the proof read and whose chain holds.", [
    `max(${BACKUP_METRICS.proofRows})`,
  ]),
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
  lines(
    "Behind Its Source",
    "s",
    "Age of the newest commit that a standby stack has from the store that it follows: what a promotion would lose. Empty on every other stack.",
    [["max by (pod) (pg_followed_age_seconds)", "{{pod}}"]],
    {
      limit: limit.FOLLOWED_AGE_SECONDS,
      span: 12,
    },
  ),
];
