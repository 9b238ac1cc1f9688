import { spawn } from "node:child_process";
import { createWriteStream } from "node:fs";
import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import { finished } from "node:stream/promises";
import { MACHINE_AT_FAULT, UserError } from "./errors.ts";

/** One outside command of a longer work. */
export interface Step {
  /** What it is about, for progress and errors: "image redis", "tool loki". */
  readonly subject: string;
  /** Says what it does: "building", "pushing". */
  readonly doing: string;
  readonly command: readonly [string, ...string[]];
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** All its output is appended here. */
  readonly log: string;
  readonly remedy: string;
  /** How often a long step reports itself, in seconds. @default 15 */
  readonly reportSeconds?: number;
}

/** Runs it to its end; long ones report themselves, and a failure becomes a UserError that names the log. */
export async function run(step: Step, report: (line: string) => void): Promise<void> {
  await mkdir(dirname(step.log), { recursive: true });
  const log = createWriteStream(step.log, { flags: "a" });
  // Without a listener the first failed write would end the whole program; it is raised below, when the step ends.
  log.on("error", () => {});
  log.write(`\n$ ${step.command.join(" ")}\n`);
  const started = Date.now();
  const timer = setInterval(
    () => report(`${step.subject}: ${step.doing} for ${Math.round((Date.now() - started) / 1000)} s`),
    (step.reportSeconds ?? 15) * 1000,
  );
  try {
    const problem = await outcome(step, log);
    if (problem)
      throw new UserError(
        `${step.subject}: ${step.doing} failed: ${problem}`,
        FULL.test(problem) ? MACHINE_AT_FAULT.ENOSPC : step.remedy,
        step.log,
      );
  } finally {
    clearInterval(timer);
    log.end();
    await finished(log).catch((error) => {
      throw Object.assign(error, { path: step.log });
    });
  }
}

async function outcome(step: Step, log: NodeJS.WritableStream): Promise<string> {
  const [program, ...args] = step.command;
  const env = { ...process.env, ...step.env };
  const child = spawn(program, args, { env, cwd: step.cwd, stdio: ["ignore", "pipe", "pipe"] });
  let last = "";
  const keep = (chunk: Buffer) => {
    log.write(chunk);
    last = (last + chunk.toString()).slice(-2000);
  };
  child.stdout.on("data", keep);
  child.stderr.on("data", keep);
  return new Promise((resolve) => {
    child.on("error", (error) => resolve(error.message));
    child.on("close", (code, signal) => {
      if (code === 0) return resolve("");
      resolve(`${signal ?? `exit ${code}`}${lastLine(last)}`);
    });
  });
}

const FULL = /no space left on device/i;

/** The line that says why: the last one, unless one before it speaks of a full disk. */
function lastLine(text: string): string {
  const lines = text.trim().split("\n");
  const line = lines.find((candidate) => FULL.test(candidate)) ?? lines.at(-1);
  return line ? ` (${line.slice(-300)})` : "";
}
