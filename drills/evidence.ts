import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { messageOf } from "./lib/errors.ts";
import { signText } from "./lib/signature.ts";
import { pageOf } from "./page.ts";

/** A part of a drill with its time. */
export interface Phase {
  readonly name: string;
  /** ISO 8601. */
  readonly startedAt: string;
  readonly seconds: number;
  /** Message of the error that ended it. Absent where it succeeded. */
  readonly error?: string;
}

/** What a kind of drill found out. */
export interface DrillResult {
  readonly passed: boolean;
  /** One sentence with the figures, for a person. */
  readonly summary: string;
  /** Seconds from the fault to the first verified journey. Absent where a drill has no outage. */
  readonly rtoSeconds?: number;
  /** Seconds between the newest acknowledged row and the newest recovered one. Absent where a drill loses no data by design. */
  readonly rpoSeconds?: number;
  /** Counts and details of this kind of drill. */
  readonly findings: Readonly<Record<string, unknown>>;
  /** What was counted over time. Absent where nothing was. */
  readonly plot?: Plot;
}

/** A count in equal steps of time. */
export interface Plot {
  readonly label: string;
  /** ISO 8601. */
  readonly from: string;
  readonly stepSeconds: number;
  readonly counts: readonly number[];
  /** When faults were injected, in seconds after `from`. */
  readonly faults: readonly number[];
}

/** The JSON that a drill leaves, whether it passed, failed or was ended by an error. */
export interface Evidence extends DrillResult {
  /** Version of this shape. */
  readonly version: 1;
  /** Kind of drill. */
  readonly kind: string;
  readonly stack: string;
  readonly namespace: string;
  /** Context of the kubeconfig. */
  readonly context: string;
  /** ISO 8601. */
  readonly startedAt: string;
  readonly endedAt: string;
  /** In the order in which they ended. */
  readonly phases: readonly Phase[];
}

/** Measures the phases of a drill while they run. */
export class Clock {
  readonly phases: Phase[] = [];
  readonly #report: (line: string) => void;

  constructor(report: (line: string) => void) {
    this.#report = report;
  }

  /** Runs a phase. A phase that throws is recorded with its error, and the error goes on. */
  async time<T>(name: string, work: () => Promise<T>): Promise<T> {
    this.#report(`${name} …`);
    const startedAt = new Date().toISOString();
    const from = performance.now();
    const end = (failed: { error?: string } = {}) => {
      const seconds = secondsSince(from);
      this.phases.push({ name, startedAt, seconds, ...failed });
      this.#report(`${name}: ${seconds} s${failed.error ? `, failed: ${failed.error.split("\n")[0]}` : ""}`);
    };
    try {
      const result = await work();
      end();
      return result;
    } catch (error) {
      end({ error: messageOf(error) });
      throw error;
    }
  }
}

/** Seconds since a value of performance.now(), to a tenth. */
export const secondsSince = (from: number) => Math.round((performance.now() - from) / 100) / 10;

/**
 * Writes evidence to FOLDER/TIME-KIND.json, its signature beside it (.json.sig), and a page for people (.html), and returns
 * the first path. The names sort by time.
 */
export async function writeEvidence(folder: string, evidence: Evidence): Promise<string> {
  await mkdir(folder, { recursive: true });
  const file = join(folder, `${evidence.endedAt.replaceAll(/[:.]/g, "-")}-${evidence.kind}.json`);
  const text = `${JSON.stringify(evidence, null, 2)}\n`;
  await writeFile(file, text);
  await writeFile(`${file}.sig`, `${JSON.stringify(await signText(text))}\n`);
  await writeFile(file.replace(/json$/, "html"), pageOf(evidence));
  return file;
}
