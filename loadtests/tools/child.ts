import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";

export interface ChildArgs {
  readonly command: readonly [string, ...string[]];
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly input?: string;
  /** Aborted: the program gets SIGINT, and SIGKILL when it has not ended after `graceSeconds`. */
  readonly stop: AbortSignal;
  /** How the program gets SIGINT. @default it is sent to the process */
  readonly onInterrupt?: () => void;
  /** @default 15 */
  readonly graceSeconds?: number;
  readonly onLine?: (line: string) => void;
  /** Exit codes that are not a failure. @default [0] */
  readonly good?: readonly number[];
}

export interface ChildEnd {
  /** Of the program and all it started that still ran, as last seen. */
  readonly cpuSeconds: number;
  readonly code: number;
}

/** Clock ticks of /proc/<pid>/stat a second; 100 on every Linux that Node runs on. */
const TICKS = 100;

/**
 * Runs a load tool to its end, in a process group of its own, so that Ctrl-C reaches it through us alone.
 * @throws Error with the last lines that it wrote where it fails
 */
export async function runChild(args: ChildArgs): Promise<ChildEnd> {
  const [program, ...rest] = args.command;
  const child = spawn(program, rest, {
    detached: true,
    stdio: ["pipe", "pipe", "pipe"],
    env: { ...process.env, ...args.env },
    ...(args.cwd && { cwd: args.cwd }),
  });
  let cpuSeconds = 0;
  let last = "";
  const sample = setInterval(() => {
    cpuSeconds = Math.max(cpuSeconds, cpuOf(child.pid ?? 0));
  }, 250);
  let kill: NodeJS.Timeout | undefined;
  const interrupt = () => {
    if (args.onInterrupt) args.onInterrupt();
    else child.kill("SIGINT");
    kill = setTimeout(() => child.kill("SIGKILL"), (args.graceSeconds ?? 15) * 1_000);
  };
  const orphaned = () => child.kill("SIGKILL");
  process.once("exit", orphaned);
  if (args.stop.aborted) interrupt();
  args.stop.addEventListener("abort", interrupt, { once: true });
  child.stdin.on("error", () => {});
  child.stdin.end(args.input ?? "");
  createInterface({ input: child.stdout }).on("line", (line) => args.onLine?.(line));
  child.stderr.on("data", (chunk: Buffer) => {
    last = (last + chunk.toString()).slice(-2_000);
  });
  try {
    const code = await new Promise<number>((resolve, reject) => {
      child.on("error", reject);
      child.on("close", (exit, signal) => resolve(exit ?? (signal ? 128 : 1)));
    });
    if (!(args.good ?? [0]).includes(code)) throw new Error(`${program} ended with ${code}: ${last.trim()}`);
    return { cpuSeconds, code };
  } finally {
    clearInterval(sample);
    clearTimeout(kill);
    args.stop.removeEventListener("abort", interrupt);
    process.removeListener("exit", orphaned);
  }
}

/** CPU time of a process, of its ended children too, in seconds; 0 where it is gone. */
function cpuOf(pid: number): number {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
    return fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks), 0) / TICKS;
  } catch {
    return 0;
  }
}
