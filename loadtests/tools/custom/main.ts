import { readFileSync, writeFileSync } from "node:fs";
import type { Plan } from "../../plan/plan.ts";
import type { Progress, Target } from "../tool.ts";
import { Runner } from "./runner.ts";

/**
 * `node main.ts <plan file> <measurements file>`, the target as JSON on standard input: a process of its own, so that
 * nothing else delays it. Progress goes to standard output, a line of JSON a second. SIGINT ends the run early.
 */
const [planFile = "", resultFile = ""] = process.argv.slice(2);
const plan = JSON.parse(readFileSync(planFile, "utf8")) as Plan;
const target = JSON.parse(readFileSync(0, "utf8")) as Target;
const runner = new Runner(plan, target);
process.on("SIGINT", () => runner.stop());

const before = process.cpuUsage();
const ticker = setInterval(() => {
  const { collector } = runner;
  collector.advance(runner.now());
  const progress: Progress = {
    atSeconds: runner.now() / 1_000,
    perSecond: collector.latest()?.requests ?? 0,
    failed: collector.failed,
    requests: collector.requests,
    p95Us: collector.latest()?.p95Us ?? 0,
  };
  process.stdout.write(`${JSON.stringify(progress)}\n`);
}, 1_000);
await runner.run();
clearInterval(ticker);
const { user, system } = process.cpuUsage(before);
writeFileSync(resultFile, JSON.stringify(runner.collector.measurements((user + system) / 1_000_000)));
process.exit(0);
