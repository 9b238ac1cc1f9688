import { execFile } from "node:child_process";
import { copyFileSync, existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { UserError } from "../../lib/errors.ts";
import type { Plan } from "../../plan/plan.ts";
import { runChild } from "../child.ts";
import { Events } from "../events.ts";
import { Lines } from "../lines.ts";
import { SYNTHETIC, TIMEOUT_SECONDS, type Tool } from "../tool.ts";

const MAX_VIRTUAL_USERS = 2_000;
/** Exit code of a run that SIGINT has ended. */
const ABORTED = 105;

/** Grafana k6, a program of its own on PATH. */
export const k6: Tool = {
  name: "k6",
  model: "open",
  latency:
    "k6's http_req_duration: from sending to the last byte, without connecting; counted from when it was sent, not from when it was due, and within a session a request waits for the one before",
  goesElsewhere: true,
  async version() {
    try {
      const { stdout } = await promisify(execFile)("k6", ["version"], { env: process.env });
      return stdout.trim().split(" (")[0] ?? "";
    } catch {
      throw new UserError("k6 is not on PATH", "make tools ONLY=k6 builds it, or install it from grafana.com/docs/k6");
    }
  },
  async run({ plan, target, dir, progress, stop, elsewhere }) {
    const file = (name: string) => join(dir, name);
    const there = elsewhere?.path ?? file;
    writeFileSync(file("plan.json"), JSON.stringify(plan));
    const secret = { ...target, markHeader: SYNTHETIC, timeoutSeconds: TIMEOUT_SECONDS };
    writeFileSync(file("target.json"), JSON.stringify(secret), { mode: 0o600 });
    writeFileSync(file("options.json"), JSON.stringify(optionsOf(plan)));
    if (target.ca) writeFileSync(file("ca.pem"), target.ca);
    copyFileSync(join(import.meta.dirname, "script.js"), file("script.js"));
    const program = elsewhere ? there("k6") : "k6";
    const command = [
      program,
      "run",
      ...ARGUMENTS,
      "--console-output",
      there("events.log"),
      there("script.js"),
    ] as const;
    const env = {
      PLAN: there("plan.json"),
      TARGET: there("target.json"),
      OPTIONS: there("options.json"),
      SUMMARY: there("summary.json"),
      ...(target.ca && { SSL_CERT_FILE: there("ca.pem") }),
    };
    const events = new Events(plan);
    const lines = new Lines(file("events.log"), (line) => events.line(line));
    const begun = performance.now();
    const follow = setInterval(() => lines.read(), 250);
    const report = setInterval(() => progress(events.progress((performance.now() - begun) / 1_000)), 1_000);
    try {
      if (elsewhere) {
        copyFileSync(pathOf("k6"), file("k6"));
        await elsewhere.send(dir);
      }
      const end = await runChild({
        command: elsewhere ? elsewhere.command(command, env) : [...command],
        env,
        stop,
        good: [0, ABORTED],
        ...(elsewhere && { onInterrupt: elsewhere.interrupt }),
      });
      if (elsewhere)
        for (const name of ["events.log", "summary.json"]) writeFileSync(file(name), await elsewhere.take(name));
      lines.close();
      const { dropped } = JSON.parse(readFileSync(file("summary.json"), "utf8")) as { dropped: number };
      events.collector.dropped = dropped;
      return events.collector.measurements((await elsewhere?.cpuSeconds()) ?? end.cpuSeconds);
    } finally {
      clearInterval(follow);
      clearInterval(report);
      rmSync(file("target.json"), { force: true });
    }
  },
};

/** The file of a program on PATH. */
function pathOf(program: string): string {
  const paths = (process.env.PATH ?? "").split(delimiter).map((folder) => join(folder, program));
  const found = paths.find((path) => existsSync(path));
  if (!found) throw new UserError(`${program} is not on PATH`, `make tools ONLY=${program} builds it`);
  return found;
}

const ARGUMENTS = [
  "--quiet",
  "--no-usage-report",
  "--no-thresholds",
  "--log-format",
  "raw",
  "--include-system-env-vars",
];

/** k6's own executor of the open model, told the same rates. */
function optionsOf({ stretches, sessions, seconds }: Plan) {
  const [first, ...others] = stretches;
  const startRate = first?.seconds === 0 ? first.perMinute : 0;
  const stages = (startRate > 0 ? others : stretches).map((stretch) => ({
    target: stretch.perMinute,
    duration: `${Math.round(stretch.seconds * 1_000)}ms`,
  }));
  // What is due at the very end k6 may leave out: it goes on for one more session, and the script has none to give.
  const last = stages.at(-1)?.target ?? 1;
  stages.push({ target: last, duration: `${Math.ceil((1.2 * 60_000) / last)}ms` });
  const longest = sessions.reduce((most, session) => Math.max(most, session.requests.at(-1)?.atMs ?? 0), 0) / 1_000;
  const perSecond = Math.max(...stretches.map((stretch) => stretch.perMinute)) / 60;
  const users = Math.min(MAX_VIRTUAL_USERS, Math.ceil(perSecond * (longest + 1)) + 5);
  return {
    scenarios: {
      plan: {
        executor: "ramping-arrival-rate",
        startRate,
        timeUnit: "1m",
        stages,
        preAllocatedVUs: users,
        maxVUs: Math.min(MAX_VIRTUAL_USERS, users * 3),
        gracefulStop: `${Math.ceil(longest + TIMEOUT_SECONDS)}s`,
      },
    },
    systemTags: ["status"],
    summaryTrendStats: ["p(95)"],
    setupTimeout: `${Math.ceil(seconds)}s`,
  };
}
