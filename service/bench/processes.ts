import { type ChildProcess, execFile, spawn } from "node:child_process";
import { existsSync, openSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { nodeFlags } from "../src/process/runtime.ts";
import type { Load, Outcome } from "./generator.ts";

/** Who is measured has a core of its own; everything else shares the other one. */
export const TARGET_CORE = "0";
export const OTHER_CORE = "1";

const HERE = import.meta.dirname;
const CLOCK_TICKS = 100; // USER_HZ of Linux on every architecture that Node.js runs on (getconf CLK_TCK)
/** In memory: a pod's log is a pipe, and a busy disk is not the target's fault. */
const LOGS = "/dev/shm";
const READY_MS = 30_000;
/** Of an api in the smallest tier. */
const POD_MI = 384;

/** A process that is measured. */
export interface Target {
  pid: number;
  httpPort: number;
  adminPort: number;
  /** Seconds of CPU that it has used. */
  cpuSeconds(): number;
  /** Bytes that it holds in memory (RSS). */
  memory(): number;
  /** Empties its log, which is a file, as a pod's is. */
  forgetLog(): void;
  stop(): Promise<void>;
}

/** Starts `program` on the target's core, and waits until it says where it listens. */
export async function startTarget(
  folder: string,
  name: string,
  env: Record<string, string>,
  program: string[],
): Promise<Target> {
  const log = join(existsSync(LOGS) ? LOGS : folder, `media-bench-${process.pid}-${name}.log`);
  const out = openSync(log, "a");
  const flags = process.env.BENCH_PROFILE ? ["--cpu-prof", `--cpu-prof-dir=${process.env.BENCH_PROFILE}`] : [];
  const command = ["-c", TARGET_CORE, process.execPath, ...nodeFlags(POD_MI), ...flags, ...program];
  const child = spawn("taskset", command, {
    env: { ...env, PATH: process.env.PATH ?? "" },
    stdio: ["ignore", out, out],
  });
  const { httpPort, adminPort = 0 } = await started(log, child);
  const status = (file: string) => readFileSync(`/proc/${child.pid}/${file}`, "utf8");
  return {
    pid: child.pid as number,
    httpPort,
    adminPort,
    cpuSeconds: () => {
      const text = status("stat");
      const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
      return (Number(fields[11]) + Number(fields[12])) / CLOCK_TICKS;
    },
    memory: () => Number(/^VmRSS:\s+(\d+)/m.exec(status("status"))?.[1]) * 1_024,
    forgetLog: () => truncateSync(log),
    stop: () => ended(child).finally(() => rmSync(log, { force: true })),
  };
}

async function started(log: string, child: ChildProcess): Promise<{ httpPort: number; adminPort?: number }> {
  const end = Date.now() + READY_MS;
  while (Date.now() < end && child.exitCode === null) {
    const line = readFileSync(log, "utf8")
      .split("\n")
      .find((text) => text.includes('"msg":"started"'));
    if (line) return JSON.parse(line);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  child.kill("SIGKILL");
  throw new Error(`the target did not start:\n${readFileSync(log, "utf8").slice(-2_000)}`);
}

function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  const exit = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  child.kill(process.env.BENCH_PROFILE ? "SIGINT" : "SIGTERM");
  const cut = setTimeout(() => child.kill("SIGKILL"), 30_000);
  return exit.finally(() => clearTimeout(cut));
}

let runs = 0;

/** One run of the generator, on the other core. */
export async function generate(folder: string, load: Load): Promise<Outcome> {
  const file = join(folder, `load-${++runs}.json`);
  writeFileSync(file, JSON.stringify(load));
  const command = ["-c", OTHER_CORE, process.execPath, join(HERE, "generator.ts"), file];
  const { stdout } = await promisify(execFile)("taskset", command, { maxBuffer: 1 << 20 });
  return JSON.parse(stdout) as Outcome;
}
