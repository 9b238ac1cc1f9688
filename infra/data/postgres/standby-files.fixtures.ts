import { setTimeout as sleep } from "node:timers/promises";
import { stringify } from "yaml";
import type { Tier } from "../../config/tiers.ts";
import { patroniConfig } from "./patroni.plan.ts";

/** What both stacks have in their folder. */
export const FOLDERS = [
  "tmp",
  "own-repo",
  "source-repo",
  "source",
  "socket",
  "raft",
  "secrets",
  "etc",
  "roles",
  "backrest",
];

/** One after another until it holds, or the last error. */
export async function until(what: string, seconds: number, check: () => boolean | Promise<boolean>): Promise<void> {
  let last: unknown;
  for (const end = Date.now() + seconds * 1000; Date.now() < end; await sleep(250)) {
    try {
      if (await check()) return;
    } catch (error) {
      last = error;
    }
  }
  throw new Error(`${what} did not happen in ${seconds} s: ${last}`);
}

interface Repository {
  repository: string;
  scratch: string;
  socket: string;
  data: string;
  port: number;
}

/** pgBackRest's file for a repository in a folder. */
export function pgbackrestFile({ repository, scratch, socket, data, port }: Repository): string {
  const lines = {
    "repo1-path": repository,
    "lock-path": scratch,
    "spool-path": scratch,
    "log-level-file": "off",
    "log-level-console": "warn",
    "start-fast": "y",
    "archive-timeout": 60,
  };
  const stanza = { "pg1-path": data, "pg1-socket-path": socket, "pg1-port": port, "pg1-user": "postgres" };
  const text = (of: object) =>
    Object.entries(of)
      .map(([key, value]) => `${key}=${value}\n`)
      .join("");
  return `[global]\n${text(lines)}[main]\n${text(stanza)}`;
}

interface Places {
  ports: { port: number; api: number; raft: number };
  folders: { data: string; raft: string; scratch: string; bin: string };
}

/** The plan's own configuration of a stack that follows, but for places, and for where Patroni keeps its state. */
export function patroniFile(sizes: Tier["postgres"], { ports, folders }: Places): string {
  const { kubernetes: _, postgresql: plan, ...rest } = patroniConfig("dr", sizes, true);
  const { before_stop: _stop, ...postgresql } = plan;
  const here = (port: number) => `127.0.0.1:${port}`;
  const config = {
    ...rest,
    name: "postgres-0",
    raft: { data_dir: folders.raft, self_addr: here(ports.raft) },
    restapi: { listen: here(ports.api), connect_address: here(ports.api) },
    postgresql: {
      ...postgresql,
      listen: here(ports.port),
      connect_address: here(ports.port),
      data_dir: folders.data,
      bin_dir: folders.bin,
      pgpass: `${folders.scratch}/pgpass`,
      pg_hba: ["local all all trust", ...postgresql.pg_hba.filter((line) => line.startsWith("host"))],
      authentication: { superuser: { username: "postgres" }, replication: { username: "replicator", password: "r" } },
      parameters: { ...postgresql.parameters, fsync: "off" },
    },
  };
  return stringify(config, { version: "1.1", lineWidth: 0 });
}
