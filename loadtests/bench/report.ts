import { execFile, spawn } from "node:child_process";
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { randomFrom } from "../lib/random.ts";
import { TIERS } from "../resources/tiers.ts";
import { encode, newHistogram, record } from "../results/histogram.ts";
import type { Result } from "../results/result.ts";
import { startRecorder } from "../test/recorder.ts";
import type { Row } from "./row.ts";

const HOUR = 3_600;
const MAIN = join(import.meta.dirname, "../main.ts");
/** Pods, queues and statements that a figure has series of. */
const SERIES = 4;
/** An hour's: 240 points a series. */
const STEP_SECONDS = 15;

/** A result as an hour's run leaves it: each second, and each figure of each tier every fifteen. */
export function hourOf(recorded: Result): Result {
  const random = randomFrom(1);
  const histogram = newHistogram();
  for (let n = 0; n < 200_000; n++) record(histogram, 5_000 + 200_000 * random() ** 6);
  const at = (index: number) => 1_790_000_000 + index * STEP_SECONDS;
  const series = Object.entries(TIERS).flatMap(([tier, figures]) =>
    figures.flatMap(({ name, unit }) =>
      Array.from({ length: SERIES }, (_, of) => ({
        tier,
        name,
        unit,
        of: `${tier}-${of}`,
        points: Array.from({ length: HOUR / STEP_SECONDS }, (_, index) => ({ at: at(index), value: random() })),
      })),
    ),
  );
  const second = (atSeconds: number) => ({
    atSeconds,
    requests: 60,
    failed: 0,
    p50Us: 8_000 * (1 + random()),
    p95Us: 40_000 * (1 + random()),
    p99Us: 90_000 * (1 + random()),
    maxUs: 200_000,
    users: 12,
  });
  return {
    ...recorded,
    run: { ...recorded.run, seconds: HOUR },
    config: { ...recorded.config, seconds: HOUR },
    steps: recorded.steps.map((step) => ({ ...step, histogram: encode(histogram), requests: 200_000 })),
    intervals: Array.from({ length: HOUR }, (_, index) => second(index + 1)),
    resources: { ...recorded.resources, stepSeconds: STEP_SECONDS, series },
  };
}

/** A run of three seconds, as the program leaves it. */
async function short(dir: string): Promise<Result> {
  const recorder = await startRecorder();
  const outputs = join(dir, "outputs.json");
  writeFileSync(outputs, JSON.stringify({ gatewayUrl: recorder.url, credentials: { devToken: "token" } }));
  const args = [MAIN, "run", "--outputs", outputs, "--dir", dir, "--seconds", "3", "--rate", "5", "--json"];
  // The exit code is of the verdict.
  const stdout = await new Promise<string>((resolve) =>
    execFile(process.execPath, args, { maxBuffer: 2 ** 26 }, (_, out) => resolve(out)),
  );
  await recorder.close();
  return JSON.parse(stdout) as Result;
}

/** The reports of an hour's run, written by the program as a person calls it. */
export async function report(rounds: number): Promise<Row[]> {
  const dir = mkdtempSync(join(tmpdir(), "hour-"));
  const [seconds, memory, page]: [number[], number[], number[]] = [[], [], []];
  try {
    const result = hourOf(await short(dir));
    const file = join(dir, "hour.json");
    writeFileSync(file, JSON.stringify(result));
    for (let round = 0; round < rounds; round++) {
      const from = performance.now();
      memory.push(await peakMegabytes(["report", file, "--dir", dir]));
      seconds.push((performance.now() - from) / 1_000);
      page.push(statSync(join(dir, `${result.run.id}.html`)).size / 1e6);
    }
  } finally {
    rmSync(dir, { recursive: true });
  }
  const name = "load tests: report of a one-hour run";
  return [
    { name, unit: "s", bound: 20, values: seconds },
    { name: `${name}, memory`, unit: "MB", bound: 300, values: memory },
    { name: `${name}, size of the page`, unit: "MB", bound: 1, values: page },
  ];
}

const PEAK = 'data:text/javascript,process.on("exit",()=>console.error("peak",process.resourceUsage().maxRSS))';

/** Runs the program, and gives the most memory that it held. Megabytes. */
async function peakMegabytes(args: readonly string[]): Promise<number> {
  const child = spawn(process.execPath, ["--import", PEAK, MAIN, ...args], { stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  child.stderr.on("data", (chunk) => {
    said += chunk;
  });
  await new Promise((resolve) => child.on("close", resolve));
  const kilobytes = /^peak (\d+)$/m.exec(said)?.[1];
  if (!kilobytes) throw new Error(`the report was not written: ${said.slice(-500)}`);
  return (Number(kilobytes) * 1_024) / 1e6;
}
