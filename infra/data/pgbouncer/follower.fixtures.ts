import { type ChildProcess, spawn } from "node:child_process";
import { chmodSync, cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { connect, createServer, type Server } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { find, freePorts, giveAway, quickFolder, unprivileged } from "@media/service/test/programs";
import * as pulumi from "@pulumi/pulumi";
import pg from "pg";
import { tiers } from "../../config/tiers.ts";
import { Members, PASSWORD } from "./members.fixtures.ts";
import { pgbouncerPlan } from "./pgbouncer.plan.ts";
import { Writers } from "./writers.fixtures.ts";

/** PgBouncer 1.18 of the host's Debian does not know it yet; the image's does. */
const NEWER = /^max_prepared_statements = .*\n/m;
const MOST_SECONDS = 3;
const ROLES = `create role pooler login password '${PASSWORD}'; create role media login password '${PASSWORD}';
  create role replicator replication login password '${PASSWORD}'`;

/** A primary and its standby behind one address, PgBouncer with the plan's settings in front, and the follower beside it. */
export class Change {
  readonly writers: Writers;
  readonly members: Members;
  readonly #folder: string;
  readonly #ports: { service: number; pooler: number; follower: number };
  readonly #processes: ChildProcess[] = [];
  #service: Server | undefined;
  #said = "";

  private constructor(folder: string, [a, b, service, pooler, follower]: [number, number, number, number, number]) {
    this.#folder = folder;
    this.#ports = { service, pooler, follower };
    this.members = new Members(folder, [a, b]);
    this.writers = new Writers(pooler, PASSWORD);
  }

  static async start(): Promise<Change> {
    const ports = await freePorts(5);
    const folder = mkdtempSync(join(quickFolder(), "media-follower-"));
    giveAway(folder);
    chmodSync(folder, 0o755);
    const change = new Change(folder, ports.slice(0, 5) as never);
    await change.members.start(ROLES.split(";"));
    await change.#serve();
    await change.#startPooler();
    await change.writers.createTable();
    return change;
  }

  async stop(): Promise<void> {
    for (const one of this.#processes) one.kill("SIGKILL");
    await this.members.stop();
    this.#service?.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** What the follower has said since the last time. */
  said(): string {
    const text = this.#said;
    this.#said = "";
    return text;
  }

  /** Asks as the primary does before it stops; `from`: the caller's address. */
  askToPause(from = "127.0.0.1"): Promise<{ status: number; text: string }> {
    const options = {
      host: "127.0.0.1",
      port: this.#ports.follower,
      path: "/pause",
      method: "POST",
      localAddress: from,
    };
    return new Promise((resolve, reject) => {
      request(options, (answer) => {
        let text = "";
        answer.setEncoding("utf8").on("data", (part) => {
          text += part;
        });
        answer.on("end", () => resolve({ status: answer.statusCode ?? 0, text }));
      })
        .on("error", reject)
        .end();
    });
  }

  /** Rows that were acknowledged and are not there. */
  async lost(): Promise<number[]> {
    const rows = await this.members.sql(["select n from media.rows"], "media");
    const there = new Set(rows.map(({ n }) => Number(n)));
    return this.writers.acknowledged.filter((n) => !there.has(n));
  }

  /** Runs the work while a client is in the middle of a transaction. */
  async withOpenTransaction(work: () => Promise<void>): Promise<void> {
    const client = this.writers.client();
    client.on("error", () => {});
    await client.connect();
    await client.query("begin");
    await client.query("select 1");
    await work();
    await client.end().catch(() => {});
  }

  /** Signs in at PgBouncer's console as the follower, from an address. */
  async console(from: string): Promise<void> {
    const way = createServer((client) => {
      const server = connect({ host: "127.0.0.1", port: this.#ports.pooler, localAddress: from });
      client.pipe(server).pipe(client);
      for (const one of [client, server]) one.on("error", () => {});
    });
    await new Promise<void>((resolve) => way.listen(0, "127.0.0.1", resolve));
    const { port } = way.address() as { port: number };
    const client = new pg.Client({ host: "127.0.0.1", port, user: "follower", password: "", database: "pgbouncer" });
    client.on("error", () => {});
    try {
      await client.connect();
      await client.end();
    } finally {
      way.close();
    }
  }

  /** In place of the Service: its address leads to the primary. */
  async #serve(): Promise<void> {
    const service = createServer((client) => {
      const server = connect({ host: "127.0.0.1", port: this.members.port });
      client.pipe(server).pipe(client);
      client.on("error", () => server.destroy());
      server.on("error", () => client.resetAndDestroy());
    });
    await new Promise<void>((resolve) => service.listen(this.#ports.service, "127.0.0.1", resolve));
    this.#service = service;
  }

  async #startPooler(): Promise<void> {
    const { service, pooler, follower } = this.#ports;
    const login = { user: pulumi.output("media"), password: pulumi.output(PASSWORD) };
    const plan = pgbouncerPlan({ sizes: tiers.small.pgbouncer, login: login as never, poolerPassword: PASSWORD });
    const files = plan.files?.config?.data as Record<string, string>;
    const ini = (files["pgbouncer.ini"] as string)
      .replace(NEWER, "")
      .replace("host=postgres port=5432", `host=127.0.0.1 port=${service}`)
      .replace(/listen_port = \d+/, `listen_port = ${pooler}`)
      .replaceAll("/etc/pgbouncer", this.#folder)
      .replaceAll("/run/secrets/pgbouncer", this.#folder);
    const users = `"media" "${PASSWORD}"\n"pooler" "${PASSWORD}"\n"stats" ""\n"follower" ""\n`;
    const own = {
      "pgbouncer.ini": ini,
      "hba.conf": files["hba.conf"] as string,
      "userlist.txt": users,
      password: PASSWORD,
    };
    for (const [name, text] of Object.entries(own)) writeFileSync(join(this.#folder, name), text);
    const env = plan.sidecars?.follower?.env as Record<string, string>;
    cpSync(join(import.meta.dirname, "follower.py"), join(this.#folder, "follower.py"));
    this.#spawn([find("pgbouncer"), join(this.#folder, "pgbouncer.ini")]);
    await this.#listens(pooler);
    this.#spawn(["/usr/bin/python3", "-u", join(this.#folder, "follower.py")], {
      ...env,
      FOLLOWER_PORT: String(follower),
      MOST_SECONDS: String(MOST_SECONDS),
      PGBOUNCER_PORT: String(pooler),
      POOLER_PASSWORD_FILE: join(this.#folder, "password"),
      PRIMARY_HOST: "127.0.0.1",
      PRIMARY_PORT: String(service),
    });
    await this.#listens(follower);
  }

  #spawn(command: string[], env: Record<string, string> = {}): void {
    const [program = "", ...args] = unprivileged(command, ["--pdeathsig", "KILL"]);
    const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, ...env } });
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding("utf8").on("data", (text: string) => {
        this.#said += text;
      });
    this.#processes.push(child);
  }

  async #listens(port: number): Promise<void> {
    for (const end = Date.now() + 15_000; Date.now() < end; await sleep(50)) {
      const open = await new Promise<boolean>((resolve) => {
        const socket = connect({ host: "127.0.0.1", port }, () => resolve(true)).on("error", () => resolve(false));
        socket.unref();
        setTimeout(() => socket.destroy(), 200);
      });
      if (open) return;
    }
    throw new Error(`nothing listens on ${port}: ${this.#said}`);
  }
}
