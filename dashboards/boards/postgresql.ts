import { PG_POOL_CONNECTIONS, PG_POOL_WAIT_SECONDS, PG_QUERY_DURATION_SECONDS } from "@media/service/metric-names";
import { board } from "../library/board.ts";
import * as q from "../library/queries.ts";
import { lines, number, rows, states, UP_DOWN } from "../library/short.ts";
import * as limit from "../thresholds.ts";

const rate = (metric: string) => `rate(${metric}[$__rate_interval])`;
const APP = '{datname!~"template.*|postgres"}';

/** PostgreSQL in four rows: what is now, what to act on, where it leads, which chores wait. */
export const postgresql = () =>
  board({
    uid: "postgresql",
    title: "PostgreSQL",
    description: "Now, act, trend, chores; and who was the primary when.",
    tags: ["data"],
    rows: [
      { title: "Now", panels: now() },
      { title: "Act: what makes callers wait", panels: act() },
      { title: "Trend", panels: trend() },
      { title: "Chores", panels: chores() },
    ],
  });

const now = () => [
  states(
    "Roles",
    "Who is the primary. Every change is a failover or a switchover.",
    ["max by (pod) (pg_replication_is_replica)", "{{pod}}"],
    {
      0: { text: "primary", color: "green" },
      1: { text: "replica", color: "#1c6dd0" },
    },
  ),
  number("Members", "short", "Whether the exporter of each member reaches it.", [["max by (pod) (pg_up)", "{{pod}}"]], {
    words: UP_DOWN,
    height: 6,
  }),
  number(
    "Replication",
    "short",
    "Whether each member receives the write-ahead log, or is the primary.",
    [["min by (pod) (pg_replica_streaming)", "{{pod}}"]],
    { words: { 0: { text: "cut off", color: "red" }, 1: { text: "streaming", color: "green" } }, height: 6 },
  ),
  lines("Transactions", "ops", "Committed and rolled back per second.", [
    [`sum(${rate(`pg_stat_database_xact_commit${APP}`)})`, "committed"],
    [`sum(${rate(`pg_stat_database_xact_rollback${APP}`)})`, "rolled back"],
  ]),
  lines("Connections", "percentunit", "Share of the connection slots in use.", [[q.connectionShare(), "{{pod}}"]], {
    limit: limit.CONNECTION_SHARE,
    max: 1,
  }),
  lines("Statements", "s", "95th percentile by the slowest names in the code.", [
    [
      `topk(8, histogram_quantile(0.95, sum by (le, query) (${rate(`${PG_QUERY_DURATION_SECONDS}_bucket`)})))`,
      "{{query}}",
    ],
  ]),
];

const act = () => [
  lines("Waiting for a Pool", "s", "95th percentile until a caller had a connection of the service's pool.", [
    [`histogram_quantile(0.95, sum by (le, pool) (${rate(`${PG_POOL_WAIT_SECONDS}_bucket`)}))`, "{{pool}}"],
  ]),
  lines("Pools of the Service", "short", "Connections by state; waiting are callers without one.", [
    [`sum by (pool, state) (${PG_POOL_CONNECTIONS})`, "{{pool}} {{state}}"],
  ]),
  lines(
    "Waiting at PgBouncer",
    "short",
    "Clients that wait for a connection to the server, and for how long the first has.",
    [["sum by (database) (pgbouncer_pools_client_waiting_connections)", "{{database}}"]],
  ),
  lines("What Sessions Wait For", "short", "Active sessions by the kind of event they wait for.", [
    ['sum by (wait_event_type) (pg_stat_activity_count{state="active"})', "{{wait_event_type}}"],
  ]),
  lines("Locks", "short", "Locks held or waited for, by mode.", [["sum by (mode) (pg_locks_count) > 0", "{{mode}}"]]),
  lines("Deadlocks and Conflicts", "short", "In five minutes. Each deadlock ended a transaction.", [
    ["sum(increase(pg_stat_database_deadlocks[5m]))", "deadlocks"],
    ["sum(increase(pg_stat_database_conflicts[5m]))", "conflicts"],
  ]),
  lines("Longest Transaction", "s", "The oldest open transaction. It keeps vacuum from removing what is dead.", [
    [`max by (pod) (pg_stat_activity_max_tx_duration${APP})`, "{{pod}}"],
  ]),
  lines(
    "Replay Behind",
    "s",
    "Age of the newest commit that each member has replayed.",
    [["max by (pod) (pg_replica_age_seconds)", "{{pod}}"]],
    {
      limit: limit.REPLICA_AGE_SECONDS,
    },
  ),
  lines(
    "Blocks from Memory",
    "percentunit",
    "Share of blocks that were in shared buffers.",
    [
      [
        `sum(${rate(`pg_stat_database_blks_hit${APP}`)}) / (sum(${rate(`pg_stat_database_blks_hit${APP}`)}) + sum(${rate(`pg_stat_database_blks_read${APP}`)}))`,
        "in memory",
      ],
    ],
    { max: 1 },
  ),
];

const trend = () => [
  lines("Size", "bytes", "By database.", [["max by (datname) (pg_database_size_bytes)", "{{datname}}"]]),
  lines("Write-ahead Log", "bytes", "Kept on disk, by member. It grows while the backup store or a replica is away.", [
    ["max by (pod) (pg_wal_size_bytes)", "{{pod}}"],
  ]),
  lines("Rows Written", "ops", "Inserted, updated and deleted per second.", [
    [`sum(${rate(`pg_stat_database_tup_inserted${APP}`)})`, "inserted"],
    [`sum(${rate(`pg_stat_database_tup_updated${APP}`)})`, "updated"],
    [`sum(${rate(`pg_stat_database_tup_deleted${APP}`)})`, "deleted"],
  ]),
  rows(
    "Most Expensive Statements",
    "s",
    "Seconds of work in the chosen time, by the id of pg_stat_statements: SELECT query FROM pg_stat_statements WHERE queryid = …",
    "topk(10, sum by (queryid, user) (increase(pg_stat_statements_seconds_total[$__range])))",
    { queryid: "queryid", user: "user", Value: "seconds" },
  ),
  rows(
    "Largest Tables",
    "bytes",
    "With their indexes.",
    "topk(10, max by (relname) (pg_stat_user_tables_size_bytes))",
    { relname: "table", Value: "size" },
  ),
];

const chores = () => [
  number(
    "Settings That Wait for a Restart",
    "short",
    "Changed settings that count only after a restart: patronictl restart.",
    ["max(pg_pending_restart_settings)"],
    {
      limit: { warning: 1, critical: 1_000_000 },
      decimals: 0,
    },
  ),
  rows(
    "Dead Rows",
    "short",
    "Tables with the most dead rows. Autovacuum should keep them below a fifth of the live ones.",
    "topk(8, max by (relname) (pg_stat_user_tables_n_dead_tup))",
    { relname: "table", Value: "dead rows" },
    { span: 6 },
  ),
  lines(
    "Checkpoints",
    "short",
    "In five minutes: requested ones mean that max_wal_size is too small for the load.",
    [
      ["sum(increase(pg_stat_checkpointer_num_timed_total[5m]))", "timed"],
      ["sum(increase(pg_stat_checkpointer_num_requested_total[5m]))", "requested"],
    ],
    { span: 6 },
  ),
  rows(
    "Sequential Scans",
    "short",
    "Rows read without an index in the chosen time. A large table here wants one.",
    "topk(8, max by (relname) (increase(pg_stat_user_tables_seq_tup_read[$__range])))",
    { relname: "table", Value: "rows read" },
    { span: 6 },
  ),
];
