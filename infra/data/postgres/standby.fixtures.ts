import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { basename, dirname, join } from "node:path";
import {
  find,
  freePorts,
  giveAway,
  ownFolder,
  postgresFolders,
  quickFolder,
  unprivileged,
} from "@media/service/test/programs";
import { tiers } from "../../config/tiers.ts";
import { readBeside } from "../../lib/files.ts";
import { appliedSettings } from "./patroni.plan.ts";
import { SCRIPTS } from "./postgres.plan.ts";
import { roleSecrets } from "./server.fixtures.ts";
import { FOLDERS, patroniFile, pgbackrestFile } from "./standby-files.fixtures.ts";

const SIZES = tiers.small.postgres;
const BIN = () => dirname(find("postgres", postgresFolders()));
export const LOGIN = { user: "media_0a1b2c3d", password: "of-the-standby" };

/** A primary that archives, and a stack that follows its store: both with real programs, the standby by the plan's own settings. */
export class TwoStacks {
  readonly folder = mkdtempSync(join(quickFolder(), "media-standby-"));
  log = "";
  readonly #children: ChildProcess[] = [];
  readonly #stores: Server[] = [];
  /** Of the source, of the standby, of Patroni's API, of its own store of settings, of the watcher. */
  #ports: number[] = [];

  static async start(): Promise<TwoStacks> {
    const stacks = new TwoStacks();
    giveAway(stacks.folder);
    chmodSync(stacks.folder, 0o755);
    stacks.#ports = await freePorts(5);
    for (const name of FOLDERS) ownFolder(stacks.folder, name);
    stacks.#startSource();
    return stacks;
  }

  at = (...path: string[]) => join(this.folder, ...path);
  #port = (index: number) => this.#ports[index] as number;
  get api(): string {
    return `http://127.0.0.1:${this.#port(2)}`;
  }

  /** Where the standby answers. */
  get port(): number {
    return this.#port(1);
  }

  #run(command: string[], env: NodeJS.ProcessEnv = {}): string {
    const [program = "", ...args] = unprivileged(command);
    const all = { ...process.env, ...env };
    return execFileSync(program, args, {
      cwd: this.folder,
      encoding: "utf8",
      env: all,
      stdio: ["ignore", "pipe", "pipe"],
    });
  }

  #spawn(command: string[], env: NodeJS.ProcessEnv = {}): ChildProcess {
    const [program = "", ...args] = unprivileged(command);
    const child = spawn(program, args, {
      cwd: this.folder,
      env: { ...process.env, ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding("utf8").on("data", (text: string) => {
        this.log += text;
      });
    this.#children.push(child);
    return child;
  }

  #backrest(of: "source" | "own", data: string, port: number): void {
    const places = {
      repository: this.at(`${of}-repo`),
      scratch: this.at("tmp"),
      socket: this.at("socket"),
      data,
      port,
    };
    writeFileSync(this.at(`${of}.conf`), pgbackrestFile(places));
  }

  #startSource(): void {
    const [data, port] = [this.at("source", "data"), this.#port(0)];
    this.#backrest("source", data, port);
    // The standby writes its own data folder there: pgBackRest knows the same store under another configuration.
    this.#backrest("own", this.at("standby"), this.#port(1));
    writeFileSync(
      this.at("followed.conf"),
      readFileSync(this.at("own.conf"), "utf8").replace("own-repo", "source-repo"),
    );
    this.#run([
      join(BIN(), "initdb"),
      "-D",
      data,
      "--username=postgres",
      "--auth=trust",
      "--no-sync",
      "--data-checksums",
    ]);
    const push = `${find("pgbackrest")} --config=${this.at("source.conf")} --stanza=main archive-push %p`;
    const settings = {
      unix_socket_directories: this.at("socket"),
      listen_addresses: "",
      port,
      fsync: "off",
      archive_mode: "on",
      archive_command: push,
      wal_level: "replica",
      max_connections: 40,
    };
    const options = Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
    this.#spawn([join(BIN(), "postgres"), "-D", data, ...options]);
  }

  /** Runs SQL as the superuser, and gives what it answers as text. */
  sql(where: "source" | "standby", statement: string, database = "postgres"): string {
    const port = this.#port(where === "source" ? 0 : 1);
    const options = ["--no-psqlrc", "--quiet", "--no-align", "--tuples-only", "--set=ON_ERROR_STOP=1"];
    const place = [`--host=${this.at("socket")}`, `--port=${port}`, "--username=postgres", `--dbname=${database}`];
    return this.#run([find("psql"), ...options, ...place, `--command=${statement}`]).trim();
  }

  pgbackrest(of: "source" | "own", ...args: string[]): string {
    return this.#run([find("pgbackrest"), `--config=${this.at(`${of}.conf`)}`, "--stanza=main", ...args]);
  }

  /** Lets a store answer, or not. */
  async answers(index: number, there: boolean): Promise<void> {
    const store = this.#stores[index] as Server;
    if (there === store.listening) return;
    if (there) await once(store.listen(this.#storePorts[index], "127.0.0.1"), "listening");
    else {
      store.closeAllConnections();
      await new Promise((resolve) => store.close(resolve));
    }
  }
  #storePorts: number[] = [];

  /** Starts Patroni and the watcher of the standby stack. */
  async startStandby(): Promise<void> {
    for (const _store of ["own", "source"]) {
      const server = createServer((_, response) => response.writeHead(403).end());
      await once(server.listen(0, "127.0.0.1"), "listening");
      this.#stores.push(server);
      this.#storePorts.push((server.address() as AddressInfo).port);
    }
    mkdirSync(this.at("scripts"));
    for (const name of SCRIPTS) this.#place(this.at("scripts", basename(name)), readBeside(import.meta.url, name));
    for (const [name, text] of Object.entries(roleSecrets(LOGIN.user, LOGIN.password)))
      writeFileSync(this.at("roles", name), text);
    const known = {
      patroni: { username: "patroni", password: "p" },
      replication: { username: "replicator", password: "r" },
    };
    writeFileSync(this.at("secrets", "credentials.json"), JSON.stringify(known));
    this.configure(true);
    const env = {
      BACKUP_ENDPOINT: `http://127.0.0.1:${this.#storePorts[0]}`,
      RESTORE_ENDPOINT: `http://127.0.0.1:${this.#storePorts[1]}`,
      PGBACKREST_CONFIG: this.at("own.conf"),
      PGHOST: this.at("socket"),
      PGPORT: String(this.#port(1)),
      PGUSER: "postgres",
      PATRONI_NAME: "postgres-0",
      CREDENTIALS_FILE: this.at("secrets", "credentials.json"),
      STREAMS_FILE: this.at("socket", "streams"),
      MEMBERS: "2",
      MOST_LAG_SECONDS: "10",
      MAINTENANCE_HOURS: "0-24",
      WATCHER_PORT: String(this.#port(4)),
      PYTHONDONTWRITEBYTECODE: "1",
    };
    writeFileSync(this.at("patroni.yml"), this.#patroni());
    this.#spawn(["/usr/bin/python3", find("patroni"), this.at("patroni.yml")], env);
    this.#spawn(["/usr/bin/python3", this.at("scripts", "watcher.py")], env);
  }

  /** Writes what Kubernetes mounts: the settings of a stack that follows, or does not. */
  configure(follows: boolean): void {
    writeFileSync(this.at("etc", "shared.json"), this.#here(JSON.stringify(appliedSettings(SIZES, follows))));
  }

  #patroni(): string {
    const [port, api, raft] = [this.#port(1), this.#port(2), this.#port(3)];
    const folders = { data: this.at("standby"), raft: this.at("raft"), scratch: this.at("tmp"), bin: BIN() };
    return this.#here(patroniFile(SIZES, { ports: { port, api, raft }, folders }));
  }

  #here = (text: string) =>
    text
      .replaceAll("/opt/scripts", this.at("scripts"))
      .replaceAll("/etc/pgbackrest/source.conf", this.at("followed.conf"))
      .replaceAll("/run/secrets/pgbackrest-source", this.at("backrest"))
      .replaceAll("/etc/patroni", this.at("etc"))
      .replaceAll("/run/secrets/roles", this.at("roles"))
      .replaceAll("/run/secrets/patroni", this.at("secrets"))
      .replaceAll("/var/run/postgresql", this.at("socket"))
      .replaceAll("http://127.0.0.1:8008", this.api);

  #place(file: string, text: string): void {
    writeFileSync(file, this.#here(text));
    chmodSync(file, 0o755);
  }

  async status(path: string): Promise<number> {
    return (await fetch(`${this.api}${path}`)).status;
  }

  /** What the watcher tells Kubernetes. */
  async verdict(): Promise<{ ready: boolean; reason: string }> {
    return (await fetch(`http://127.0.0.1:${this.#port(4)}/ready`)).json() as Promise<{
      ready: boolean;
      reason: string;
    }>;
  }

  stopSource(): void {
    this.#run([join(BIN(), "pg_ctl"), "-D", this.at("source", "data"), "stop", "-m", "immediate"]);
  }

  async stop(): Promise<void> {
    for (const child of this.#children) child.kill("SIGKILL");
    for (const data of [this.at("source", "data"), this.at("standby")])
      if (existsSync(join(data, "postmaster.pid")))
        try {
          this.#run([join(BIN(), "pg_ctl"), "-D", data, "stop", "-m", "immediate"]);
        } catch {
          // It has ended by itself.
        }
    for (const index of this.#stores.keys()) await this.answers(index, false);
    rmSync(this.folder, { recursive: true, force: true });
  }
}
