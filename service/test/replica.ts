import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { appendFileSync } from "node:fs";
import { join } from "node:path";
import pg from "pg";
import { eventually } from "./platform.ts";
import { find, giveAway, ownFolder, postgresFolders, unprivileged } from "./programs.ts";
import type { Servers } from "./servers.ts";

/** A real streaming replica of the test's PostgreSQL, behind its PgBouncer under the name `media_replica`. */
export interface Replica {
  /** Stops replaying, as a replica does that lags; or goes on. */
  paused(paused: boolean): Promise<void>;
  /** Cuts it off from its primary for good, which leaves it all it got, all replayed; or lets it follow again. */
  cutOff(cutOff: boolean): Promise<void>;
  /** Resolves when it has replayed all that the primary wrote until now. */
  caughtUp(): Promise<void>;
  stop(): Promise<void>;
}

export async function startReplica(servers: Servers): Promise<Replica> {
  const port = servers.replicaPort;
  const data = ownFolder(servers.folder, "replica");
  const bin = (name: string) => find(name, postgresFolders());
  const source = `host=127.0.0.1 port=${servers.postgresPort} user=postgres`;
  const copy = unprivileged([bin("pg_basebackup"), "-D", data, "-d", source, "-R", "-X", "stream", "-c", "fast"]);
  execFileSync(copy[0] as string, copy.slice(1), { stdio: "pipe" });
  const settings = { port, unix_socket_directories: `'${data}'`, listen_addresses: "'127.0.0.1'", max_connections: 60 };
  const file = join(data, "postgresql.auto.conf");
  for (const [name, value] of Object.entries(settings)) appendFileSync(file, `${name} = ${value}\n`);
  giveAway(file);
  const command = unprivileged([bin("postgres"), "-D", data], ["--pdeathsig", "KILL"]);
  const child: ChildProcess = spawn(command[0] as string, command.slice(1), { stdio: "ignore" });
  const ask = async (on: number, sql: string) => {
    const client = new pg.Client({ host: "127.0.0.1", port: on, user: "postgres", database: "postgres" });
    await client.connect();
    return client
      .query(sql)
      .then(({ rows }) => rows[0] as Record<string, unknown>)
      .finally(() => client.end());
  };
  await eventually(() => ask(port, "SELECT 1"));
  const { primary_conninfo: known } = await ask(port, "SHOW primary_conninfo");
  return {
    cutOff: async (cutOff) => {
      const from = cutOff ? "host=127.0.0.1 port=1" : String(known);
      await ask(port, `ALTER SYSTEM SET primary_conninfo = '${from.replaceAll("'", "''")}'`);
      await ask(port, "SELECT pg_reload_conf()");
      await eventually(async () => {
        const { receives } = await ask(port, "SELECT EXISTS (SELECT FROM pg_stat_wal_receiver) AS receives");
        expect(receives).toBe(!cutOff);
      });
    },
    paused: async (paused) => void (await ask(port, `SELECT pg_wal_replay_${paused ? "pause" : "resume"}()`)),
    caughtUp: async () => {
      const { at } = await ask(servers.postgresPort, "SELECT pg_current_wal_insert_lsn()::text AS at");
      await eventually(async () => {
        const { done } = await ask(port, `SELECT pg_last_wal_replay_lsn() >= '${String(at)}'::pg_lsn AS done`);
        expect(done).toBe(true);
      });
    },
    stop: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const gone = new Promise((resolve) => child.once("exit", resolve));
      child.kill("SIGKILL");
      await gone;
    },
  };
}
