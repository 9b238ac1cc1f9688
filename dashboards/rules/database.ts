import {
  connectionShare,
  idleTransactionSeconds,
  recentQuerySeconds,
  runningSeconds,
  slowQueries,
} from "../library/queries.ts";
import {
  CONNECTION_SHARE,
  IDLE_TRANSACTION_SECONDS,
  QUERY_SECONDS,
  RUNNING_SECONDS,
  SLOW_QUERIES,
} from "../thresholds.ts";
import { above, absentAfterStart, type Rule } from "./rule.ts";

export const databaseRules: readonly Rule[] = [
  {
    name: "DatabaseConnectionsHigh",
    category: "database",
    severity: "warning",
    expr: above(connectionShare(), CONNECTION_SHARE.warning),
    for: "2m",
    summary: "{{ $labels.pod }} has {{ $value | humanizePercentage }} of its connection slots in use",
    description: "When all are in use, new connections are refused.",
    dashboard: { uid: "real-time", panel: "Active Connections" },
  },
  {
    name: "DatabaseDown",
    category: "database",
    severity: "critical",
    // A standby stack has none, and tells so.
    expr: `(${absentAfterStart("pg_replication_is_replica == 0")}) unless on () pg_followed_age_seconds`,
    for: "45s",
    summary: "No member of PostgreSQL is the primary",
    description: "Nothing can be written. Patroni should have promoted a replica within 30 seconds.",
    dashboard: { uid: "real-time", panel: "Active Connections" },
  },
  {
    name: "IdleInTransaction",
    category: "database",
    severity: "warning",
    expr: above(idleTransactionSeconds(), IDLE_TRANSACTION_SECONDS.warning),
    for: "15s",
    summary:
      "A session on {{ $labels.pod }} has been in a transaction without a statement for {{ $value | humanizeDuration }}",
    description: "It keeps its locks, and vacuum from removing rows that others have deleted.",
    dashboard: { uid: "incidents", panel: "Longest Transactions" },
  },
  {
    name: "QueryRunsLong",
    category: "database",
    severity: "warning",
    expr: above(runningSeconds(), RUNNING_SECONDS.warning),
    for: "15s",
    summary: "A transaction on {{ $labels.pod }} has worked for {{ $value | humanizeDuration }}",
    description: "Its caller gave up long ago; it takes a core, and perhaps locks, from the others.",
    dashboard: { uid: "incidents", panel: "Longest Transactions" },
  },
  {
    name: "QueryTimeHigh",
    category: "database",
    severity: "warning",
    expr: above(recentQuerySeconds(), QUERY_SECONDS.warning),
    for: "5m",
    summary: "The last 100 statements took {{ $value | humanizeDuration }} on average",
    description: "Answers wait for the database.",
    dashboard: { uid: "real-time", panel: "Average Query Time" },
  },
  {
    name: "SlowQueriesMany",
    category: "database",
    severity: "warning",
    expr: above(slowQueries("5m"), SLOW_QUERIES.warning),
    summary: "{{ $value | humanize }} statements in five minutes were slow",
    description: "Each has a line in the log with its name.",
    dashboard: { uid: "real-time", panel: "Slow Queries" },
  },
];
