import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { madeOnce } from "../test/made-once.ts";

const REQUIREMENTS = join(import.meta.dirname, "requirements.txt");

/** The Python of an environment that has schemathesis, made once for each list of versions. */
export async function schemathesis(): Promise<string> {
  const folder = await madeOnce("python", readFileSync(REQUIREMENTS), install);
  // The scripts beside it name the folder in which they were made.
  return join(folder, "bin/python");
}

async function install(folder: string): Promise<void> {
  process.stderr.write("installing schemathesis …\n");
  const steps: [string, ...string[]][] = [
    ["python3", "-m", "venv", folder],
    [join(folder, "bin/python"), "-m", "pip", "install", "--quiet", "--no-deps", "-r", REQUIREMENTS],
  ];
  for (const [command, ...args] of steps)
    if ((await run(command, args, { show: true })) !== 0)
      throw new Error(`${command} failed; with Debian: apt-get install python3-venv`);
}

/** Runs a program to its end; answers its exit code. */
export function run(command: string, args: string[], { show }: { show: boolean }): Promise<number> {
  const child = spawn(command, args, { stdio: ["ignore", show ? "inherit" : "ignore", "inherit"] });
  return new Promise((resolve, reject) => child.once("error", reject).once("exit", (code) => resolve(code ?? 1)));
}
