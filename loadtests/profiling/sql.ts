import type { Stack } from "@media/drills/stack";
import { sql } from "@media/drills/verify/postgres";
import type { Section } from "./page.ts";

interface Report {
  readonly statements: readonly {
    readonly query: string;
    readonly calls: number;
    readonly total_ms: number;
    readonly mean_ms: number;
    readonly max_ms: number;
    readonly rows: number;
    readonly read_blocks: number;
  }[];
  readonly tables: readonly {
    readonly table: string;
    readonly rows: number;
    readonly seq_scan: number;
    readonly seq_tup_read: number;
    readonly idx_scan: number;
  }[];
  readonly unused: readonly { readonly index: string; readonly table: string; readonly size: string }[];
  readonly waits: readonly { readonly wait: string; readonly sessions: number }[];
}

/** A sequential scan of fewer rows is as good as an index. */
const ROWS_OF_A_SCAN = 1_000;

const QUERY = `
SELECT json_build_object(
  'statements', (SELECT coalesce(json_agg(s), '[]') FROM (
     SELECT regexp_replace(query, '\\s+', ' ', 'g') AS query, calls, total_exec_time AS total_ms, mean_exec_time AS mean_ms, max_exec_time AS max_ms,
            rows, shared_blks_read AS read_blocks
       FROM pg_stat_statements JOIN pg_database d ON d.oid = dbid WHERE d.datname = current_database()
      ORDER BY total_exec_time DESC LIMIT 25) s),
  'tables', (SELECT coalesce(json_agg(t), '[]') FROM (
     SELECT relname AS table, n_live_tup AS rows, seq_scan, seq_tup_read, coalesce(idx_scan, 0) AS idx_scan
       FROM pg_stat_user_tables ORDER BY seq_tup_read DESC LIMIT 25) t),
  'unused', (SELECT coalesce(json_agg(u), '[]') FROM (
     SELECT indexrelname AS index, relname AS table, pg_size_pretty(pg_relation_size(s.indexrelid)) AS size
       FROM pg_stat_user_indexes s JOIN pg_index i USING (indexrelid)
      WHERE idx_scan = 0 AND NOT indisunique ORDER BY pg_relation_size(s.indexrelid) DESC LIMIT 15) u),
  'waits', (SELECT coalesce(json_agg(w), '[]') FROM (
     SELECT coalesce(wait_event_type || ': ' || wait_event, 'at work') AS wait, count(*) AS sessions
       FROM pg_stat_activity WHERE backend_type = 'client backend' AND state = 'active' AND pid <> pg_backend_pid()
      GROUP BY 1 ORDER BY 2 DESC) w))`;

/** Which statements take PostgreSQL's time, which tables are read without an index, what sessions wait for. */
export async function profileSql(stack: Stack): Promise<{ raw: string; words: string[]; sections: Section[] }> {
  const text = await sql(stack, "primary", QUERY);
  const report = JSON.parse(text) as Report;
  return { raw: JSON.stringify(report, null, 2), words: sqlWords(report), sections: sectionsOf(report) };
}

/** Tables of which scans read many rows each time, with the evidence. */
export function missingIndexes({ tables }: Report): string[] {
  return tables
    .filter(({ seq_scan, seq_tup_read }) => seq_scan >= 10 && seq_tup_read / seq_scan >= ROWS_OF_A_SCAN)
    .map(
      ({ table, seq_scan, seq_tup_read, rows, idx_scan }) =>
        `${table}: ${seq_scan} scans without an index read ${Math.round(seq_tup_read / seq_scan)} rows each, of ${rows}; ${idx_scan} used one`,
    );
}

const line = ({ query, calls, total_ms, mean_ms, max_ms }: Report["statements"][number]) =>
  `${(total_ms / 1_000).toFixed(2)} s in ${calls} calls, mean ${mean_ms.toFixed(2)} ms, longest ${max_ms.toFixed(0)} ms: ${query.slice(0, 160)}`;

export function sqlWords(report: Report): string[] {
  const missing = missingIndexes(report);
  return [
    "most time of all:",
    ...report.statements.slice(0, 5).map((one) => `  ${line(one)}`),
    missing.length > 0 ? "an index may be missing:" : "no table is read row by row in a way that an index would mend",
    ...missing.map((one) => `  ${one}`),
  ];
}

function sectionsOf(report: Report): Section[] {
  return [
    {
      head: "Statements by their total time",
      table: {
        head: ["total s", "calls", "mean ms", "longest ms", "rows", "blocks read", "statement"],
        rows: report.statements.map((one) => [
          (one.total_ms / 1_000).toFixed(2),
          String(one.calls),
          one.mean_ms.toFixed(2),
          one.max_ms.toFixed(1),
          String(one.rows),
          String(one.read_blocks),
          one.query.slice(0, 400),
        ]),
      },
    },
    { head: "An index may be missing", lines: missingIndexes(report) },
    {
      head: "Sessions at work, by what they wait for",
      lines: report.waits.map(({ wait, sessions }) => `${sessions} × ${wait}`),
    },
    {
      head: "Indexes that nothing used",
      lines: report.unused.map(({ index, table, size }) => `${index} of ${table}, ${size}`),
    },
  ];
}
