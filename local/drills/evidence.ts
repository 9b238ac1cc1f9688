import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { REPO } from "../lib/paths.ts";

/** One part of a drill with its time. */
export interface PhaseTime {
  readonly name: string;
  readonly seconds: number;
}

/** Times the parts of a drill as they run. */
export class Clock {
  readonly phases: PhaseTime[] = [];
  private readonly report: (line: string) => void;

  constructor(report: (line: string) => void) {
    this.report = report;
  }

  async time<T>(name: string, work: () => Promise<T>): Promise<T> {
    this.report(`${name} …`);
    const from = performance.now();
    try {
      return await work();
    } finally {
      const seconds = round((performance.now() - from) / 1000);
      this.phases.push({ name, seconds });
      this.report(`${name}: ${seconds} s`);
    }
  }
}

export const round = (seconds: number) => Math.round(seconds * 10) / 10;

/** Writes what a drill found to evidence/<time>-<kind>.json and returns the path. */
export async function writeEvidence(kind: string, content: object): Promise<string> {
  const folder = join(REPO, "evidence");
  await mkdir(folder, { recursive: true });
  const time = new Date().toISOString().replaceAll(/[:.]/g, "-");
  const file = join(folder, `${time}-${kind}.json`);
  await writeFile(file, `${JSON.stringify(content, null, 2)}\n`);
  return file;
}
