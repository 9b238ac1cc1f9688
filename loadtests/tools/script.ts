import { execFile } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { UserError } from "../lib/errors.ts";
import type { Measurements } from "../results/result.ts";
import { runChild } from "./child.ts";
import { Events } from "./events.ts";
import { Lines } from "./lines.ts";
import { SYNTHETIC, TIMEOUT_SECONDS, type ToolRun } from "./tool.ts";

/** Path of a file of the run, by its name. */
export type FileOf = (name: string) => string;

export interface Script {
  readonly command: (file: FileOf) => readonly [string, ...string[]];
  /** Besides PLAN, TARGET, EVENTS and CA_FILE. */
  readonly env?: (file: FileOf) => Readonly<Record<string, string>>;
  /** Exit codes of a run that went well, or was interrupted. @default [0] */
  readonly good?: readonly number[];
}

/**
 * Runs an outside tool with a script of ours, which reads the plan (file PLAN) and the target (file TARGET, secret) and writes
 * the events of ./events.ts (file EVENTS).
 */
export async function runScript({ plan, target, dir, progress, stop }: ToolRun, script: Script): Promise<Measurements> {
  const file: FileOf = (name) => join(dir, name);
  writeFileSync(file("plan.json"), JSON.stringify(plan));
  const secret = { ...target, markHeader: SYNTHETIC, timeoutSeconds: TIMEOUT_SECONDS };
  writeFileSync(file("target.json"), JSON.stringify(secret), { mode: 0o600 });
  if (target.ca) writeFileSync(file("ca.pem"), target.ca);
  const events = new Events(plan);
  const lines = new Lines(file("events.log"), (line) => events.line(line));
  const begun = performance.now();
  const follow = setInterval(() => lines.read(), 250);
  const report = setInterval(() => progress(events.progress((performance.now() - begun) / 1_000)), 1_000);
  try {
    const { cpuSeconds } = await runChild({
      command: script.command(file),
      cwd: dir,
      env: {
        PLAN: file("plan.json"),
        TARGET: file("target.json"),
        EVENTS: file("events.log"),
        CA_FILE: target.ca ? file("ca.pem") : "",
        ...script.env?.(file),
      },
      stop,
      ...(script.good && { good: script.good }),
    });
    lines.close();
    return events.collector.measurements(cpuSeconds);
  } finally {
    clearInterval(follow);
    clearInterval(report);
    rmSync(file("target.json"), { force: true });
  }
}

/**
 * What a program says of its version.
 *
 * @throws UserError where it is not on PATH
 */
export async function versionOf(program: string, pattern: RegExp, args: readonly string[] = ["--version"]) {
  const remedy = `make tools ONLY=${program} installs it`;
  const said = await promisify(execFile)(program, [...args], { env: process.env }).catch((error) => {
    throw new UserError(`${program} is not on PATH${error.code === "ENOENT" ? "" : ", or does not work"}`, remedy);
  });
  const version = pattern.exec(said.stdout)?.[1];
  if (!version) throw new UserError(`${program} does not say its version`, remedy);
  return `${program} ${version}`;
}
