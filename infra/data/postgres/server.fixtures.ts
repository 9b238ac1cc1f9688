import { execFileSync, spawn } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { find, freePorts, ownFolder, postgresFolders, unprivileged } from "@media/service/test/programs";
import pg from "pg";
import { tiers } from "../../config/tiers.ts";
import { readBeside } from "../../lib/files.ts";
import { patroniConfig } from "./patroni.plan.ts";

/** A real PostgreSQL with the plan's settings of these names, for tests of what is applied to it. */
export class OwnServer {
  log = "";
  readonly folder = mkdtempSync(join(tmpdir(), "media-postgres-"));
  readonly socket: string;
  readonly port: number;
  readonly #stop: () => Promise<void>;

  private constructor(port: number, settings: RegExp) {
    this.port = port;
    chmodSync(this.folder, 0o755);
    this.socket = ownFolder(this.folder, "data");
    const bin = (name: string) => find(name, postgresFolders());
    run(
      unprivileged([
        bin("initdb"),
        "--pgdata",
        this.socket,
        "--username=postgres",
        "--auth-local=trust",
        "--auth-host=scram-sha-256",
        "--no-sync",
      ]),
    );
    const parameters = Object.entries(patroniConfig("dev", tiers.small.postgres).postgresql.parameters);
    const ours = parameters.filter(([name]) => settings.test(name)).map(([name, value]) => `${name}=${value}`);
    const places = ["fsync=off", `unix_socket_directories=${this.socket}`, "listen_addresses=127.0.0.1"];
    const options = [...ours, ...places].flatMap((setting) => ["-c", setting]);
    const command = [bin("postgres"), "-D", this.socket, "-p", String(port), ...options];
    const [program, ...args] = unprivileged(command, ["--pdeathsig", "KILL"]);
    const server = spawn(program as string, args, { stdio: ["ignore", "ignore", "pipe"] });
    server.stderr.setEncoding("utf8").on("data", (text: string) => {
      this.log += text;
    });
    const closed = new Promise<void>((resolve) => server.once("close", () => resolve()));
    this.#stop = () => {
      server.kill("SIGKILL");
      return closed;
    };
  }

  static async start(settings: RegExp): Promise<OwnServer> {
    const [port] = await freePorts(1);
    const server = new OwnServer(port, settings);
    await server.until(() => server.log.includes("ready to accept connections"));
    return server;
  }

  async stop(): Promise<void> {
    await this.#stop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  async until(check: () => boolean): Promise<void> {
    for (const end = Date.now() + 15_000; !check(); await sleep(50)) {
      if (Date.now() > end) throw new Error(`it did not happen; the server's log:\n${this.log}`);
    }
  }

  /** Runs roles.sql or retire.sql as the watcher does; only the secrets are elsewhere. */
  apply(name: string, secrets: Record<string, string>): void {
    const folder = join(this.folder, "secrets");
    if (!existsSync(folder)) mkdirSync(folder);
    for (const [file, text] of Object.entries(secrets)) writeFileSync(join(folder, file), text);
    const script = join(this.folder, name);
    writeFileSync(script, readBeside(import.meta.url, name).replaceAll("/run/secrets/roles", folder));
    const url = `postgresql://postgres@/postgres?host=${encodeURIComponent(this.socket)}&port=${this.port}`;
    run([find("psql"), "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", `--file=${script}`, url]);
  }

  /** Connects by TCP, where a password is asked for; without one by the socket, where none is. */
  async as<T>(user: string, password: string | undefined, work: (client: pg.Client) => Promise<T>): Promise<T> {
    const how = password === undefined ? { host: this.socket } : { host: "127.0.0.1", password };
    const client = new pg.Client({ ...how, user, port: this.port, database: "media" });
    await client.connect();
    return work(client).finally(() => client.end());
  }
}

/** Files of the Secret `roles`, with the application's login. */
export function roleSecrets(user: string, password: string, others = "of-the-others"): Record<string, string> {
  const names = ["pooler-password", "superuser-password", "replication-password", "responder-password"];
  return {
    "database-user": user,
    "database-password": password,
    ...Object.fromEntries(names.map((name) => [name, others])),
  };
}

function run([program, ...args]: string[]): void {
  execFileSync(program as string, args, { stdio: "pipe" });
}
