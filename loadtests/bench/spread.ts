import { median } from "@media/drills/sample";
import { UserError } from "../lib/errors.ts";
import { say } from "../lib/progress.ts";
import { startRecorder } from "../test/recorder.ts";
import { TOOLS } from "../tools/index.ts";
import type { Tool } from "../tools/tool.ts";
import type { Row } from "./row.ts";
import { percentileMs, trial } from "./trial.ts";

/** From 40 to 160 ms, evenly: the 95th percentile is 154 ms. */
const delayMs = (_: unknown, index: number) => 40 + ((index * 37) % 120);

/** The same open-model run through each tool that is there, against answers of known latency. */
export async function spread(rounds: number): Promise<Row[]> {
  const values: number[] = [];
  const tools = await present();
  for (let round = 1; round <= rounds; round++) {
    const found: [string, number][] = [];
    for (const tool of tools) {
      const recorder = await startRecorder({ delayMs });
      const measured = await trial({ url: recorder.url, perSecond: 20, seconds: 15, tool }).finally(recorder.close);
      found.push([tool.name, percentileMs(measured, 95)]);
    }
    const all = found.map(([, ms]) => ms);
    values.push(((Math.max(...all) - Math.min(...all)) / median(all)) * 100);
    say(`round ${round}: p95 ${found.map(([name, ms]) => `${name} ${ms.toFixed(1)} ms`).join(", ")}`);
  }
  const name = `load tests: spread of p95 between ${tools.map((tool) => tool.name).join(", ")}, of the same run`;
  return [{ name, unit: "%", bound: 15, values }];
}

/**
 * The tools that are installed. Not Playwright: its pages take what a browser does besides, which is another measure.
 *
 * @throws UserError where there are none to compare
 */
async function present(): Promise<Tool[]> {
  const found: Tool[] = [];
  for (const tool of Object.values(TOOLS).filter(({ name }) => name !== "playwright"))
    await tool.version().then(
      () => found.push(tool),
      (error: Error) => say(`${tool.name} is left out: ${error.message.split("\n")[0]}`),
    );
  if (found.length < 2)
    throw new UserError("no second tool is installed", 'make tools ONLY="k6 artillery locust jmeter"');
  return found;
}

/** Two in a hundred take as long, so that the 99th percentile is one of them. */
const SLOW_MS = 2_000;

/** What the custom runner says of a known 99th percentile. */
export async function accuracy(rounds: number): Promise<Row[]> {
  const values: number[] = [];
  for (let round = 1; round <= rounds; round++) {
    const recorder = await startRecorder({ delayMs: (_, index) => (index % 50 === 25 ? SLOW_MS : 50) });
    const measured = await trial({ url: recorder.url, perSecond: 100, seconds: 10 }).finally(recorder.close);
    values.push((Math.abs(percentileMs(measured, 99) - SLOW_MS) / SLOW_MS) * 100);
    say(`round ${round}: p99 ${percentileMs(measured, 99).toFixed(0)} ms of ${SLOW_MS}`);
  }
  return [{ name: "load tests: error of the custom runner's p99 of a known latency", unit: "%", bound: 2, values }];
}
