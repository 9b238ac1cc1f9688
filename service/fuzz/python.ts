import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, renameSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

const REQUIREMENTS = join(import.meta.dirname, "requirements.txt");

/** The Python of an environment that has schemathesis, made once for each list of versions. */
export async function schemathesis(): Promise<string> {
  const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "media-platform", "python");
  const key = createHash("sha256").update(readFileSync(REQUIREMENTS)).digest("hex").slice(0, 16);
  const folder = join(cache, key);
  if (!existsSync(folder)) {
    process.stderr.write("installing schemathesis …\n");
    const making = `${folder}.${process.pid}`;
    const steps: [string, ...string[]][] = [
      ["python3", "-m", "venv", making],
      [join(making, "bin/python"), "-m", "pip", "install", "--quiet", "--no-deps", "-r", REQUIREMENTS],
    ];
    for (const [command, ...args] of steps)
      if ((await run(command, args, { show: true })) !== 0) {
        rmSync(making, { recursive: true, force: true });
        throw new Error(`${command} failed; with Debian: apt-get install python3-venv`);
      }
    renameSync(making, folder);
  }
  // The scripts beside it name the folder in which they were made.
  return join(folder, "bin/python");
}

/** Runs a program to its end; answers its exit code. */
export function run(command: string, args: string[], { show }: { show: boolean }): Promise<number> {
  const child = spawn(command, args, { stdio: ["ignore", show ? "inherit" : "ignore", "inherit"] });
  return new Promise((resolve, reject) => child.once("error", reject).once("exit", (code) => resolve(code ?? 1)));
}
