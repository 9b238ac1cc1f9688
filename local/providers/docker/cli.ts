import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Credentials of a registry. */
export interface Registry {
  server?: string | undefined;
  username?: string | undefined;
  password?: string | undefined;
}

/** Lines of a failed command that are shown. */
const TAIL = 40;

/** A cancelled command has this long to end by itself. */
const KILL_AFTER_MS = 3000;

/** The docker command line tool, against the daemon of DOCKER_HOST. */
export class DockerCli {
  readonly #running = new Set<ChildProcess>();
  #buildkit: Promise<boolean> | undefined;

  /** Runs a command and answers its output; each line also goes to `onLine`. */
  async run(args: string[], onLine: (line: string) => void = () => {}, env: NodeJS.ProcessEnv = {}): Promise<string> {
    const child = spawn("docker", args, {
      env: { ...process.env, ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#running.add(child);
    const lines: string[] = [];
    const out: Buffer[] = [];
    const collect = lineSplitter((line) => {
      lines.push(line);
      onLine(line);
    });
    child.stdout.on("data", (chunk: Buffer) => {
      out.push(chunk);
      collect(chunk);
    });
    child.stderr.on("data", collect);
    const code = await exitCode(child).finally(() => this.#running.delete(child));
    if (code === 0) return Buffer.concat(out).toString("utf8");
    throw new Error(`docker ${args[0]} failed (${code}):\n${lines.slice(-TAIL).join("\n")}`);
  }

  /** Throws an error that says what to do unless the daemon answers. */
  async requireDaemon(): Promise<void> {
    const where = process.env.DOCKER_HOST ?? "the local socket";
    await this.run(["version", "--format", "{{.Server.Version}}"]).catch((error: Error) => {
      if (error.message.includes("not installed")) throw error;
      const last = error.message.trim().split("\n").pop();
      throw new Error(
        `the docker daemon at ${where} does not answer: ${last}\nStart it, or name another one with DOCKER_HOST.`,
      );
    });
  }

  /** BuildKit needs the buildx plugin of the command line tool; without it only the legacy builder is there. */
  hasBuildKit(): Promise<boolean> {
    this.#buildkit ??= this.run(["buildx", "version"]).then(
      () => true,
      () => false,
    );
    return this.#buildkit;
  }

  /** Runs `use` with an environment in which docker knows the registry's credentials, kept in a folder of its own. */
  async withLogin<T>(registry: Registry, use: (env: NodeJS.ProcessEnv) => Promise<T>): Promise<T> {
    if (!registry.username || !registry.password) return use({});
    const folder = mkdtempSync(join(tmpdir(), "pulumi-docker-"));
    try {
      const auth = Buffer.from(`${registry.username}:${registry.password}`).toString("base64");
      const server = registry.server || "https://index.docker.io/v1/";
      writeFileSync(join(folder, "config.json"), JSON.stringify({ auths: { [server]: { auth } } }), { mode: 0o600 });
      return await use({ DOCKER_CONFIG: folder });
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }

  cancel(): void {
    for (const child of this.#running) {
      child.kill("SIGINT");
      setTimeout(() => child.kill("SIGKILL"), KILL_AFTER_MS).unref();
    }
  }
}

function exitCode(child: ChildProcess): Promise<number | string> {
  return new Promise((resolve, reject) => {
    child.on("error", (error: NodeJS.ErrnoException) =>
      reject(error.code === "ENOENT" ? new Error("docker is not installed: no `docker` on PATH") : error),
    );
    child.on("close", (code, signal) => resolve(code ?? signal ?? "unknown"));
  });
}

function lineSplitter(onLine: (line: string) => void): (chunk: Buffer) => void {
  let rest = "";
  return (chunk) => {
    const parts = (rest + chunk.toString("utf8")).split(/\r?\n|\r/);
    rest = parts.pop() ?? "";
    for (const line of parts) if (line.trim() !== "") onLine(line);
  };
}
