import { spawn } from "node:child_process";
import { once } from "node:events";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { find, giveAway, ownFolder, postgresFolders, unprivileged } from "@media/service/test/programs";
import pg from "pg";

const SUPERUSER = "postgres";
export const PASSWORD = "for-tests";

/** A primary and its standby, which change their roles. */
export class Members {
  #leader = 0;
  readonly #folder: string;
  readonly #ports: readonly [number, number];

  constructor(folder: string, ports: readonly [number, number]) {
    this.#folder = folder;
    this.#ports = ports;
  }

  async start(roles: readonly string[]): Promise<void> {
    await this.#makePrimary();
    await this.sql(roles);
    await this.sql(["create database media owner media"]);
    await this.#makeStandby(0, 1);
  }

  async stop(): Promise<void> {
    for (const n of [0, 1]) await this.#control(n, "stop", "--mode=immediate").catch(() => {});
  }

  /** Port of the primary. */
  get port(): number {
    return this.#ports[this.#leader] as number;
  }

  /** The primary stops in good order, the standby is promoted, and the address leads to it; the former one follows. */
  async handOver(): Promise<void> {
    const [before, after] = [this.#leader, 1 - this.#leader];
    await this.#control(before, "stop", "--mode=fast");
    await this.#control(after, "promote");
    this.#leader = after;
    rmSync(this.#data(before), { recursive: true });
    await this.#makeStandby(after, before);
  }

  async restart(): Promise<void> {
    await this.#control(this.#leader, "restart", "--mode=fast");
  }

  #data = (n: number) => join(this.#folder, `member-${n}`);

  /** Not synchronously: the clients in this process go on meanwhile. */
  async #run(program: string, ...args: string[]): Promise<void> {
    const [command = "", ...rest] = unprivileged([find(program, postgresFolders()), ...args]);
    // Not a pipe: the server that pg_ctl starts would hold it open.
    const child = spawn(command, rest, { stdio: "ignore" });
    const [code] = await once(child, "close");
    if (code !== 0) throw new Error(`${program} ${args.join(" ")} ended with ${code}`);
  }

  #control(n: number, action: string, ...args: string[]): Promise<void> {
    return this.#run(
      "pg_ctl",
      `--pgdata=${this.#data(n)}`,
      `--log=${this.#folder}/member-${n}.log`,
      "--wait",
      action,
      ...args,
    );
  }

  async #makePrimary(): Promise<void> {
    const data = ownFolder(this.#folder, "member-0");
    const how = ["--auth-local=trust", "--auth-host=scram-sha-256", "--no-sync"];
    await this.#run("initdb", `--pgdata=${data}`, `--username=${SUPERUSER}`, ...how);
    this.#configure(0, ["synchronous_standby_names=''"]);
    await this.#control(0, "start");
  }

  async #makeStandby(from: number, n: number): Promise<void> {
    const source = `host=127.0.0.1 port=${this.#ports[from]} user=replicator password=${PASSWORD}`;
    await this.#run(
      "pg_basebackup",
      `--pgdata=${this.#data(n)}`,
      `--dbname=${source}`,
      "--write-recovery-conf",
      "--checkpoint=fast",
      "--no-sync",
    );
    this.#configure(n);
    await this.#control(n, "start");
  }

  #configure(n: number, more: readonly string[] = []): void {
    const settings = [
      `port=${this.#ports[n]}`,
      `unix_socket_directories='${this.#folder}'`,
      "fsync=off",
      "shared_buffers=32MB",
      ...more,
    ];
    const file = join(this.#data(n), "postgresql.conf");
    writeFileSync(file, `${settings.join("\n")}\n`);
    giveAway(file);
  }

  async sql(statements: readonly string[], database = "postgres"): Promise<Record<string, unknown>[]> {
    const client = new pg.Client({ host: this.#folder, port: this.port, user: SUPERUSER, database });
    await client.connect();
    try {
      let rows: Record<string, unknown>[] = [];
      for (const statement of statements) rows = (await client.query(statement)).rows;
      return rows;
    } finally {
      await client.end();
    }
  }
}
