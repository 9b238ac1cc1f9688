import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname } from "node:path";
import { promisify } from "node:util";

/**
 * Small looks at the machine. Node's own modules only: the doctor must run where the npm packages are broken too.
 */

/** A command's standard output; a failure is an error with the last line of what it said. */
export async function output(program: string, ...args: string[]): Promise<string> {
  try {
    return (await promisify(execFile)(program, args, { timeout: 15_000 })).stdout.trim();
  } catch (error) {
    const { code, stderr } = error as { code?: string | number; stderr?: string };
    if (code === "ENOENT") throw new Error(`${program} is not there`);
    throw new Error(stderr?.trim().split("\n").at(-1) || `${program} ended with ${code}`);
  }
}

/** Whether a version such as "1.26.3" is at least "1.26". */
export function isAtLeast(version: string, wanted: string): boolean {
  const [have, need] = [version, wanted].map((text) => text.split(".").map((part) => Number.parseInt(part, 10) || 0));
  for (const [index, part] of (need ?? []).entries()) {
    const other = have?.[index] ?? 0;
    if (other !== part) return other > part;
  }
  return true;
}

export const gibibytes = (bytes: number) => `${(bytes / 2 ** 30).toFixed(1)} GiB`;

/** The folder itself, or the nearest one above it that exists. */
export function existing(folder: string): string {
  return existsSync(folder) ? folder : existing(dirname(folder));
}

/** A socket that listens, as `ss -ltnpH` shows it. */
export interface Listener {
  readonly port: number;
  readonly process: string;
  readonly pid: number;
}

export async function listeners(): Promise<Listener[]> {
  return parseListeners(await output("ss", "-ltnpH"));
}

export function parseListeners(text: string): Listener[] {
  return text.split("\n").flatMap((line) => {
    const port = /:(\d+)\s+\S+:\*/.exec(line)?.[1];
    const [, process = "unknown", pid = "0"] = /users:\(\("([^"]+)",pid=(\d+)/.exec(line) ?? [];
    return port ? [{ port: Number(port), process, pid: Number(pid) }] : [];
  });
}
