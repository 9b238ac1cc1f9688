import { spawn } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const MAIN = join(import.meta.dirname, "../main.ts");

export interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
  /** Where the reports are. */
  readonly dir: string;
}

/** Runs the program, with a folder of its own for its reports below `within`; ends it by SIGINT once its messages match. */
export async function load(args: readonly string[], within: string, interruptWhen?: RegExp): Promise<Ended> {
  const own = mkdtempSync(join(within, "run-"));
  const child = spawn(process.execPath, [MAIN, ...args, "--dir", own], { env: process.env });
  let [out, err] = ["", ""];
  child.stdout.on("data", (chunk) => {
    out += chunk;
  });
  let interrupted = false;
  child.stderr.on("data", (chunk) => {
    err += chunk;
    if (interrupted || !interruptWhen?.test(err)) return;
    interrupted = true;
    child.kill("SIGINT");
  });
  const code = await new Promise<number | null>((resolve) => child.on("close", resolve));
  return { code, out, err, dir: own };
}

/** A file of outputs whose gateway is there, with others besides. */
export function outputs(within: string, url: string, more: object = {}): string {
  const file = join(mkdtempSync(join(within, "outputs-")), "outputs.json");
  writeFileSync(file, JSON.stringify({ gatewayUrl: url, credentials: { devToken: "token" }, ...more }));
  return file;
}
