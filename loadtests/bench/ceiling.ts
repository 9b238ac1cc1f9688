import { execFile, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { freePorts } from "@media/service/test/programs";
import { UserError } from "../lib/errors.ts";
import { say } from "../lib/progress.ts";
import { checkUp } from "../lib/target.ts";
import { makePlan } from "../plan/plan.ts";
import { decode } from "../results/histogram.ts";
import type { Measurements } from "../results/result.ts";
import { custom } from "../tools/custom/tool.ts";
import { limitOfGenerator } from "../verdict/verdict.ts";
import type { Row } from "./row.ts";

const SECONDS = 5;
const CONNECTIONS = 50;
/** Of wrk's rate: where the search begins and how near it comes. */
const STEPS = [0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6];
const run = promisify(execFile);

/**
 * How many requests a second the custom runner makes, as a share of what wrk makes, of one static answer of nginx. The target
 * has the first core for itself, the generator the second. Each round measures both, one after the other, so that what else
 * the machine does weighs on both.
 */
export async function ceiling(rounds: number): Promise<Row[]> {
  if (availableParallelism() < 2) throw new UserError("this needs two cores", "measure on another machine");
  const dir = mkdtempSync(join(tmpdir(), "ceiling-"));
  const [port] = await freePorts(1);
  const nginx = await startNginx(dir, port);
  const url = `http://127.0.0.1:${port}`;
  const values: number[] = [];
  try {
    for (let round = 1; round <= rounds; round++) {
      const most = await wrk(url);
      const own = await highest(url, dir, most.perSecond);
      values.push(own.perSecond / most.perSecond);
      say(
        `round ${round}: wrk ${Math.round(most.perSecond)}/s (${most.latency}), custom ${own.perSecond}/s (p50 ${own.p50Us} µs, p99 ${own.p99Us} µs): ${(own.perSecond / most.perSecond).toFixed(2)}`,
      );
    }
  } finally {
    nginx.kill("SIGTERM");
    await sleep(200);
    rmSync(dir, { recursive: true, force: true });
  }
  return [
    { name: "load tests: requests/s of the custom runner, as a ratio to wrk's", unit: "×", atLeast: 0.35, values },
  ];
}

async function wrk(url: string) {
  const args = ["-c", "1", "wrk", "-t1", `-c${CONNECTIONS}`, `-d${SECONDS}s`, "--latency", url];
  const { stdout } = await run("taskset", args).catch((error) => {
    throw new UserError(`wrk did not run: ${error.message}`, "apt-get install wrk nginx");
  });
  const at = (share: string) => new RegExp(`^ +${share}% +(\\S+)`, "m").exec(stdout)?.[1];
  return {
    perSecond: Number(/Requests\/sec: +([\d.]+)/.exec(stdout)?.[1]),
    latency: `p50 ${at("50")}, p99 ${at("99")}`,
  };
}

/** The highest rate, in steps, that the runner makes without being the limit itself. */
async function highest(url: string, dir: string, wrkPerSecond: number) {
  let best = { perSecond: 0, p50Us: 0, p99Us: 0 };
  for (const step of STEPS) {
    const perSecond = Math.round(wrkPerSecond * step);
    const measured = await runCustom(url, dir, perSecond);
    if (limitOfGenerator(measured, false)) break;
    const histogram = decode(measured.steps[0]?.histogram ?? "");
    best = { perSecond, p50Us: histogram.getValueAtPercentile(50), p99Us: histogram.getValueAtPercentile(99) };
  }
  return best;
}

async function runCustom(url: string, dir: string, perSecond: number): Promise<Measurements> {
  const journey = { name: "one", about: "", weight: 1, steps: [{ name: "one", operation: "getDocs" as const }] };
  const perMinute = perSecond * 60;
  const stretches = [
    { seconds: 0, perMinute },
    { seconds: SECONDS, perMinute },
  ];
  const plan = makePlan({ journeys: [journey], stretches, seed: 1, titleOffset: 1 });
  // Its process inherits the core.
  await run("taskset", ["-p", "-c", "1", String(process.pid)]);
  const stop = new AbortController().signal;
  return custom.run({ plan, target: { url, token: "", mark: "bench" }, dir, progress: () => {}, stop });
}

async function startNginx(dir: string, port: number) {
  const config = `worker_processes 1; daemon off; pid ${dir}/pid; error_log ${dir}/error.log;
events { worker_connections 4096; }
http { access_log off; keepalive_requests 1000000000;
  server { listen 127.0.0.1:${port}; location / { return 200 "{\\"status\\":\\"well\\"}"; } } }`;
  writeFileSync(join(dir, "nginx.conf"), config);
  const child = spawn("taskset", ["-c", "0", "nginx", "-c", join(dir, "nginx.conf"), "-p", dir], { stdio: "inherit" });
  for (let tries = 0; ; tries++) {
    try {
      await checkUp(`http://127.0.0.1:${port}`);
      return child;
    } catch (error) {
      if (tries > 50) throw error;
      await sleep(100);
    }
  }
}
