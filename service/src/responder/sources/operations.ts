import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import type { Logger } from "../../observability/log.ts";

const STATEMENT_MS = 4_000;

/** How the responder's own role signs in: straight at the primary, since the pooler does not know it. */
export interface OperationsLogin {
  OPERATIONS_PGHOST: string;
  OPERATIONS_PGPORT: number;
  OPERATIONS_PGUSER: string;
  PGDATABASE: string;
  secrets: { OPERATIONS_PASSWORD_FILE?: string | undefined };
}

export interface Session {
  pid: number;
  backendStart: string;
  user: string;
  application: string;
  state: string;
  /** Seconds since its transaction began. */
  seconds: number;
  /** Beginning of its last statement, without values. */
  statement: string;
}

export interface Wal {
  /** On disk, and the size that PostgreSQL keeps it below (`max_wal_size`). */
  bytes: number;
  mostBytes: number;
  archiving: boolean;
  /** Whether the last file was not taken. */
  failing: boolean;
  /** Files that the store does not have yet. */
  waiting: number;
  /** Slots of members that are away, which hold back more than `mostBytes`. */
  heldBy: string[];
}

/** What the role may see and do: statistics, and ending what sessions do. It owns nothing and reads no table. */
export interface Operations {
  /** Sessions with a transaction that is older, the oldest first. */
  transactions(states: readonly string[], olderThanSeconds: number): Promise<Session[]>;
  /** Ends the session if it is still the same one, in such a state for so long; false where it is not. */
  endSession(
    session: Pick<Session, "pid" | "backendStart">,
    states: readonly string[],
    seconds: number,
  ): Promise<boolean>;
  /** Cancels the statement that the session runs, under the same conditions. */
  cancelStatement(session: Pick<Session, "pid" | "backendStart">, seconds: number): Promise<boolean>;
  /** The write-ahead log of the primary, and whether what is recycled of it is in the backup store. */
  wal(): Promise<Wal>;
  /**
   * Closes the file in use, waits until no file waits for the store, and makes a checkpoint. @throws where the store does not
   * take them in time: then no checkpoint is made.
   */
  archiveWal(): Promise<void>;
  /** The oldest transactions, and what took most of the time. */
  activity(): Promise<{ oldest: string[]; expensive: string[] }>;
  close(): Promise<void>;
}

/** Not those of superusers: no ordinary role may touch them. Values in a statement are people's data. */
const SESSIONS = `
SELECT a.pid, a.backend_start::text AS "backendStart", coalesce(a.usename, '') AS user, a.application_name AS application,
  a.state, extract(epoch FROM now() - a.xact_start)::float8 AS seconds,
  left(regexp_replace(regexp_replace(a.query, '''[^'']*''', '''…''', 'g'), '\\d+', 'N', 'g'), 120) AS statement
FROM pg_stat_activity a JOIN pg_roles r ON r.oid = a.usesysid AND NOT r.rolsuper
WHERE a.datname = current_database() AND a.backend_type = 'client backend' AND a.pid <> pg_backend_pid()`;

const WAITING = "SELECT count(*)::int AS waiting FROM pg_ls_archive_statusdir() WHERE name LIKE '%.ready'";
const WAL = `
SELECT (SELECT coalesce(sum(size), 0)::float8 FROM pg_ls_waldir()) AS bytes,
  m.most * 1048576::float8 AS "mostBytes",
  current_setting('archive_mode') <> 'off' AS archiving,
  coalesce(last_failed_time > last_archived_time, last_failed_time IS NOT NULL) AS failing,
  (${WAITING}) AS waiting,
  ARRAY(SELECT slot_name::text FROM pg_replication_slots
    WHERE NOT active AND pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn) > m.most * 1048576) AS "heldBy"
FROM pg_stat_archiver, (SELECT setting::int AS most FROM pg_settings WHERE name = 'max_wal_size') AS m`;
/** Below the lease of a step, both together. */
const ARCHIVE_MS = 20_000;
const CHECKPOINT_MS = 45_000;
const LOOK_MS = 500;

const OF_SESSION = `FROM pg_stat_activity a WHERE a.pid = $1 AND a.backend_start = $2::timestamptz AND a.state = ANY($3)
  AND a.xact_start < now() - make_interval(secs => $4)`;

export function connectOperations(config: OperationsLogin, log: Logger): Operations {
  const pool = new pg.Pool({
    host: config.OPERATIONS_PGHOST,
    port: config.OPERATIONS_PGPORT,
    user: config.OPERATIONS_PGUSER,
    password: config.secrets.OPERATIONS_PASSWORD_FILE,
    database: config.PGDATABASE,
    max: 2,
    application_name: "media-responder-operations",
    connectionTimeoutMillis: STATEMENT_MS,
    query_timeout: STATEMENT_MS,
    keepAlive: true,
  });
  pool.on("error", (error) => log.warn({ err: error }, "an idle connection of the operations role broke"));
  pool.on("connect", (client) => client.on("error", () => {}));
  const rows = async <R extends pg.QueryResultRow>(sql: string, values: unknown[] = []) =>
    (await pool.query<R>(sql, values)).rows;
  return {
    transactions: (states, seconds) =>
      rows<Session>(
        `${SESSIONS} AND a.state = ANY($1) AND a.xact_start < now() - make_interval(secs => $2) ORDER BY a.xact_start`,
        [states, seconds],
      ),
    async endSession({ pid, backendStart }, states, seconds) {
      const sql = `SELECT pg_terminate_backend(a.pid) AS done ${OF_SESSION}`;
      return (await rows<{ done: boolean }>(sql, [pid, backendStart, states, seconds]))[0]?.done === true;
    },
    async cancelStatement({ pid, backendStart }, seconds) {
      const sql = `SELECT pg_cancel_backend(a.pid) AS done ${OF_SESSION}`;
      return (await rows<{ done: boolean }>(sql, [pid, backendStart, ["active"], seconds]))[0]?.done === true;
    },
    async wal() {
      const [state] = await rows<Wal>(WAL);
      if (!state) throw new Error("PostgreSQL said nothing of its write-ahead log");
      return state;
    },
    async archiveWal() {
      await rows("SELECT pg_switch_wal()");
      const end = performance.now() + ARCHIVE_MS;
      for (;;) {
        const [{ waiting = 0 } = {}] = await rows<{ waiting: number }>(WAITING);
        if (waiting === 0) break;
        if (performance.now() > end)
          throw new Error(
            `after ${ARCHIVE_MS / 1_000} s ${waiting} files still wait for the backup store: no checkpoint was made`,
          );
        await sleep(LOOK_MS);
      }
      const checkpoint = { text: "CHECKPOINT", query_timeout: CHECKPOINT_MS };
      await pool.query(checkpoint);
    },
    async activity() {
      const oldest = await rows<Session>(`${SESSIONS} AND a.xact_start IS NOT NULL ORDER BY a.xact_start LIMIT 10`);
      const expensive = await rows<{ line: string }>(`
        SELECT round(mean_exec_time::numeric, 1) || ' ms x ' || calls || ': ' || left(query, 100) AS line
        FROM pg_stat_statements ORDER BY total_exec_time DESC LIMIT 5`).catch(() => []); // The extension may not be there.
      return {
        oldest: oldest.map(
          ({ pid, user, application, state, seconds, statement }) =>
            `${Math.round(seconds)} s, ${state}, pid ${pid}, ${user} (${application}): ${statement}`,
        ),
        expensive: expensive.map(({ line }) => line),
      };
    },
    close: () => pool.end(),
  };
}
