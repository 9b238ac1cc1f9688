import { spawn } from "node:child_process";
import { createWriteStream } from "node:fs";
import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import { finished } from "node:stream/promises";
import { ImageError } from "./errors.ts";

/** One outside command of a step. */
export interface Step {
  readonly image: string;
  /** Says what it does, for progress and errors: "building", "pushing". */
  readonly doing: string;
  readonly command: readonly [string, ...string[]];
  readonly env?: Readonly<Record<string, string>>;
  /** All its output is appended here. */
  readonly log: string;
  readonly remedy: string;
  /** How often a long step reports itself, in seconds. @default 15 */
  readonly reportSeconds?: number;
}

/** Runs it to its end; long ones report themselves, and a failure becomes an ImageError. */
export async function run(step: Step, report: (line: string) => void): Promise<void> {
  await mkdir(dirname(step.log), { recursive: true });
  const log = createWriteStream(step.log, { flags: "a" });
  log.write(`\n$ ${step.command.join(" ")}\n`);
  const started = Date.now();
  const timer = setInterval(
    () => report(`${step.image}: ${step.doing} for ${Math.round((Date.now() - started) / 1000)} s`),
    (step.reportSeconds ?? 15) * 1000,
  );
  try {
    const problem = await outcome(step, log);
    if (problem) throw new ImageError(step.image, `${step.doing} failed: ${problem}`, step.remedy, step.log);
  } finally {
    clearInterval(timer);
    log.end();
    await finished(log);
  }
}

async function outcome(step: Step, log: NodeJS.WritableStream): Promise<string> {
  const [program, ...args] = step.command;
  const child = spawn(program, args, { env: { ...process.env, ...step.env }, stdio: ["ignore", "pipe", "pipe"] });
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

function lastLine(text: string): string {
  const line = text.trim().split("\n").at(-1);
  return line ? ` (${line.slice(0, 300)})` : "";
}
