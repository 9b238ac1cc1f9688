import { endSessions, plantIdleSession } from "@media/drills/faults/idle-session";
import type { Stack } from "@media/drills/stack";
import { call } from "@media/drills/verify/http";
import { journey } from "@media/drills/verify/journey";
import { inPostgres, sql } from "@media/drills/verify/postgres";
import type { Injected, Stage } from "./injection.ts";

/** The name of every session of ours: by it they are ended. */
const SESSION = "injection";
const SLOT = "injection";
/** Files of 16 MiB: more than what the log is kept below, times the alert's limit, and less than what gives a member up. */
const LOG_FILES = 56;

const primary = async (stack: Stack, ...statements: string[]) =>
  void (await sql(stack, "primary", `${statements.join(";\n")};`, { oneByOne: true }));

/** A script of the superuser's that goes on on the primary after the call. */
const inBackground = (stack: Stack, script: string) =>
  inPostgres(stack, "primary", [
    "bash",
    "-c",
    `{ export PGAPPNAME=${SESSION}; ${script}; } </dev/null >/dev/null 2>&1 &`,
  ]);

/** Requests of a user, which need the database. */
function reads({ target, traffic }: Stage, everyMs: number): void {
  const headers = { authorization: `Bearer ${target.credentials.devToken}` };
  traffic(everyMs, () => call(`${target.gatewayUrl}/api/v1/requests`, { ca: target.caPem, headers }));
}

/** Locks the table of requests again and again: what waits for it is slow, and the statements' mean and users' answers with it. */
function slowTable(seconds: number): Omit<Injected, "by"> {
  const lock = "begin; lock table requests in access exclusive mode; select pg_sleep(2); commit";
  return {
    fault: "the table of requests is locked for 2 of 3 seconds, while users read it",
    undone: "the session that locks it is ended",
    seconds,
    async inject(stage) {
      // It ends by itself too, after the longest wait for an alert.
      const script = `for n in $(seq 600); do psql -U postgres -X -d media -c "${lock}" || break; sleep 1; done`;
      await inBackground(stage.target.stack, script);
      reads(stage, 500);
    },
    undo: ({ target: { stack } }) => endSessions(stack, SESSION),
  };
}

/** A setting of the primary that is set by hand, and forgotten again. */
const setting = (name: string, value: string) => ({
  undone: `${name} is what the configuration says`,
  set: (stack: Stack) => primary(stack, `alter system set ${name} = '${value}'`, "select pg_reload_conf()"),
  undo: ({ target: { stack } }: Stage) => primary(stack, `alter system reset ${name}`, "select pg_reload_conf()"),
});
const noArchive = setting("archive_command", "/bin/false");
const needsRestart = setting("wal_buffers", "12MB");

const replay = async ({ target: { stack } }: Stage, what: "pause" | "resume") =>
  void (await sql(stack, "replica", `select pg_wal_replay_${what}()`));

/** Of PostgreSQL. */
export const POSTGRES = {
  IdleInTransaction: {
    by: "injection",
    fault: "a session of the superuser, whom no playbook may touch, begins a transaction and does nothing",
    undone: "the session is ended",
    seconds: 240,
    inject: ({ target: { stack } }) => plantIdleSession(stack, SESSION, "superuser"),
    undo: ({ target: { stack } }) => endSessions(stack, SESSION),
  },
  QueryRunsLong: {
    by: "injection",
    fault: "a statement of the superuser runs for half an hour",
    undone: "its session is ended",
    seconds: 330,
    inject: async ({ target: { stack } }) =>
      void (await inBackground(stack, 'psql -U postgres -X -d media -c "select pg_sleep(1800)"')),
    undo: ({ target: { stack } }) => endSessions(stack, SESSION),
  },
  SlowQueriesMany: { by: "injection", ...slowTable(240) },
  QueryTimeHigh: { by: "injection", ...slowTable(600) },
  ResponseTimeHigh: { by: "injection", ...slowTable(720) },
  LatencyBudgetBurnsFast: { by: "injection", ...slowTable(900) },
  LatencyBudgetBurnsSlowly: { by: "injection", ...slowTable(1_800), endSeconds: 3_600 },
  ArchiveDelayed: {
    by: "injection",
    fault: "the archive command fails, while there is log to archive",
    undone: noArchive.undone,
    seconds: 360,
    async inject({ target: { stack } }) {
      await noArchive.set(stack);
      await primary(stack, "select pg_logical_emit_message(false, 'injection', 'x')", "select pg_switch_wal()");
    },
    undo: noArchive.undo,
  },
  DatabaseRestartPending: {
    by: "injection",
    fault: "a setting that needs a restart is changed by hand",
    undone: needsRestart.undone,
    seconds: 780,
    inject: ({ target: { stack } }) => needsRestart.set(stack),
    undo: needsRestart.undo,
  },
  WalPilesUp: {
    by: "injection",
    fault: "a slot of a member that never comes holds the write-ahead log",
    undone: "the slot is dropped, and a checkpoint is made",
    seconds: 360,
    async inject({ target: { stack } }) {
      await sql(stack, "primary", `select pg_create_physical_replication_slot('${SLOT}', true)`);
      for (let n = 0; n < LOG_FILES; n++)
        await primary(stack, "select pg_logical_emit_message(false, 'injection', 'x')", "select pg_switch_wal()");
    },
    undo: ({ target: { stack } }) =>
      primary(
        stack,
        `select pg_drop_replication_slot(slot_name) from pg_replication_slots where slot_name = '${SLOT}'`,
        "checkpoint",
      ),
  },
  ReplicaBehind: {
    by: "injection",
    fault: "a standby does not replay what it receives, while there are writes",
    undone: "it replays again",
    seconds: 240,
    async inject(stage) {
      await replay(stage, "pause");
      stage.traffic(2_000, () => journey(stage.target));
    },
    undo: (stage) => replay(stage, "resume"),
  },
} as const satisfies Record<string, Injected>;
