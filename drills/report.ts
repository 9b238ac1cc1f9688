import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Evidence } from "./evidence.ts";
import { messageOf, UserError } from "./lib/errors.ts";
import { type Summary, summaryOf } from "./lib/sample.ts";
import { fingerprintOf, isSigned, type Signature } from "./lib/signature.ts";

/** What the report reads of a drill's evidence. */
export type Drilled = Pick<Evidence, "kind" | "passed" | "startedAt" | "endedAt" | "rtoSeconds" | "rpoSeconds"> & {
  /** Fingerprint of the key that signed it. */
  readonly signedBy?: string;
};

/** A mean with its bounds. */
export interface Bounded {
  readonly n: number;
  readonly mean: number;
  /** One-sided, 95 %: the lower bound of a time between failures, the upper bound of a time to repair. */
  readonly bound: number;
}

/** Figures of all drills of a kind. */
export interface KindReport {
  readonly kind: string;
  readonly drills: number;
  readonly passed: number;
  readonly rtoSeconds?: Summary;
  readonly rpoSeconds?: Summary;
}

export interface DrillReport {
  /** Fingerprints of the keys that signed the evidence. */
  readonly signedBy: readonly string[];
  readonly kinds: readonly KindReport[];
  /** Mean time to repair in seconds: from the fault to the first verified journey, over all drills with an outage. */
  readonly mttrSeconds?: Bounded;
  /** Mean time between drills that failed, in hours of the time that the evidence spans. Absent where it spans none. */
  readonly mtbfHours?: Bounded;
}

/** Figures over all evidence: RTO and RPO by kind, MTTR and MTBF over all kinds. */
export function reportOf(evidence: readonly Drilled[]): DrillReport {
  const kinds = [...new Set(evidence.map(({ kind }) => kind))].sort().map((kind) => {
    const drills = evidence.filter((one) => one.kind === kind);
    const rto = defined(drills.map(({ rtoSeconds }) => rtoSeconds));
    const rpo = defined(drills.map(({ rpoSeconds }) => rpoSeconds));
    return {
      kind,
      drills: drills.length,
      passed: drills.filter(({ passed }) => passed).length,
      ...(rto.length > 0 && { rtoSeconds: summaryOf(rto) }),
      ...(rpo.length > 0 && { rpoSeconds: summaryOf(rpo) }),
    };
  });
  const repairs = defined(evidence.map(({ rtoSeconds }) => rtoSeconds));
  const hours = spanHours(evidence);
  const failures = evidence.filter(({ passed }) => !passed).length;
  return {
    signedBy: [...new Set(defined(evidence.map(({ signedBy }) => signedBy)))].sort(),
    kinds,
    ...(repairs.length > 0 && { mttrSeconds: timeToRepair(repairs) }),
    ...(hours > 0 && { mtbfHours: timeBetweenFailures(hours, failures) }),
  };
}

const defined = <T>(values: readonly (T | undefined)[]): T[] => values.filter((value) => value !== undefined);

function spanHours(evidence: readonly Drilled[]): number {
  const times = evidence.flatMap(({ startedAt, endedAt }) => [Date.parse(startedAt), Date.parse(endedAt)]);
  return times.length === 0 ? 0 : (Math.max(...times) - Math.min(...times)) / 3_600_000;
}

/**
 * Mean and upper bound of exponential times to repair: 2·sum/χ²(0.05, 2n), with χ² by the Poisson distribution.
 * Source: MIL-HDBK-472 and any text on the exponential distribution.
 */
export function timeToRepair(seconds: readonly number[]): Bounded {
  const sum = seconds.reduce((all, value) => all + value, 0);
  const n = seconds.length;
  return { n, mean: rounded(sum / n), bound: rounded(sum / expectedFor(n - 1, 0.95)) };
}

/**
 * Mean and lower bound of the time between failures from `failures` in `hours`: hours divided by the expected number of
 * failures with which so few are seen in 5 % of cases (for none: hours / 3.00). Source: the time-terminated test of
 * MIL-HDBK-781. Without a failure the mean is the whole time, which is a bound too.
 */
export function timeBetweenFailures(hours: number, failures: number): Bounded {
  return {
    n: failures,
    mean: rounded(hours / Math.max(1, failures)),
    bound: rounded(hours / expectedFor(failures, 0.05)),
  };
}

/** The mean of a Poisson distribution under which at most `count` happen with this probability: by bisection. */
function expectedFor(count: number, probability: number): number {
  const atMost = (mean: number) => {
    let term = Math.exp(-mean);
    let sum = term;
    for (let k = 1; k <= count; k++) {
      term *= mean / k;
      sum += term;
    }
    return sum;
  };
  let [low, high] = [0, 10 + 4 * count];
  for (let step = 0; step < 100; step++) {
    const middle = (low + high) / 2;
    if (atMost(middle) > probability) low = middle;
    else high = middle;
  }
  return high;
}

const rounded = (value: number) => Math.round(value * 100) / 100;

/** Reads all evidence of a folder. @throws UserError where there is none, or a file is no evidence */
export async function readEvidence(folder: string): Promise<readonly Drilled[]> {
  const names = await readdir(folder).catch(() => [] as string[]);
  const files = names.filter((name) => name.endsWith(".json")).sort();
  if (files.length === 0)
    throw new UserError(`there is no evidence in ${folder}`, "run a drill first: make drill KIND=failover STACK=dev");
  return Promise.all(files.map((name) => readOne(join(folder, name))));
}

async function readOne(file: string): Promise<Drilled> {
  try {
    const text = await readFile(file, "utf8");
    const read = JSON.parse(text) as Partial<Drilled>;
    const { kind, passed, startedAt, endedAt } = read;
    if (typeof kind !== "string" || typeof passed !== "boolean" || !isTime(startedAt) || !isTime(endedAt))
      throw new Error("kind, passed, startedAt or endedAt is missing or wrong");
    return { ...(read as Drilled), signedBy: await signerOf(file, text) };
  } catch (error) {
    throw new UserError(
      `${file} is no evidence: ${messageOf(error)}`,
      "remove it, or name another folder: --evidence DIR",
    );
  }
}

/** @throws where the file is not signed, or is not what was signed */
async function signerOf(file: string, text: string): Promise<string> {
  const found = await readFile(`${file}.sig`, "utf8").catch(() => undefined);
  if (found === undefined) throw new Error(`it is not signed: ${file}.sig is missing`);
  const signature = JSON.parse(found) as Signature;
  if (!isSigned(text, signature)) throw new Error("it is not what was signed: the file was changed");
  return fingerprintOf(signature);
}

const isTime = (value: unknown) => typeof value === "string" && !Number.isNaN(Date.parse(value));

/** The report for a terminal. */
export function inWords({ signedBy, kinds, mttrSeconds, mtbfHours }: DrillReport): string {
  const figures = (summary?: Summary) =>
    summary
      ? `${summary.median} s${summary.p95 === undefined ? "" : `, p95 ${summary.p95}`}, max ${summary.max}, n ${summary.n}`
      : "-";
  const rows = kinds.map(({ kind, drills, passed, rtoSeconds, rpoSeconds }) => [
    kind,
    `${passed} of ${drills}`,
    figures(rtoSeconds),
    figures(rpoSeconds),
  ]);
  const table = [["drill", "passed", "RTO (median)", "RPO (median)"], ...rows];
  const widths = [0, 1, 2, 3].map((column) => Math.max(...table.map((row) => row[column]?.length ?? 0)));
  const lines = table.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  );
  if (mttrSeconds)
    lines.push(
      "",
      `MTTR ${mttrSeconds.mean} s, with 95 % confidence below ${mttrSeconds.bound} s (n ${mttrSeconds.n})`,
    );
  if (mtbfHours) {
    const { n, mean, bound } = mtbfHours;
    const is = n === 0 ? "no drill failed" : `MTBF ${mean} h (${n} failed)`;
    lines.push(`${is}; with 95 % confidence the mean time between failures is above ${bound} h`);
  }
  if (signedBy.length > 0) lines.push(`signed by ${signedBy.join(", ")}`);
  return lines.join("\n");
}
