import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stringify } from "yaml";
import { type Case, written, writtenStep } from "./cases/case.ts";
import { type Rule, secondsOf } from "./rule.ts";

/** What must be so at one moment of one test. */
interface Moment {
  seconds: number;
  alerts: number;
}

interface Test {
  every: number;
  series: Record<string, string>;
  moments: Moment[];
}

/** Every test of a case: above the limit, on it, and the step. */
export function testsOf(one: Case, rule: Rule): Test[] {
  const { every = 15, lasts = 900, alerts = 1 } = one;
  const wait = secondsOf(rule);
  const end = lasts - every * 4;
  const steady = (level: number, moments: Moment[]): Test => ({
    every,
    series: Object.fromEntries(
      Object.entries(one.series(level)).map(([name, is]) => [name, written(is, every, lasts)]),
    ),
    moments,
  });
  // What a rate needs to begin with depends on its window; what has none must be exact to the evaluation.
  const early = wait >= every ? [{ seconds: wait - every, alerts: 0 }] : [];
  const exact = /\[|absent|time\(\)/.test(rule.expr) || one.lasts ? [] : [{ seconds: wait, alerts }];
  return [
    steady(one.fires, [...early, ...exact, { seconds: end, alerts }]),
    steady(one.silent, [
      { seconds: Math.min(one.quietFrom ?? 60, end), alerts: 0 },
      { seconds: end, alerts: 0 },
    ]),
    ...(one.step ? [stepOf(one, one.step, every, lasts, alerts)] : []),
    ...(one.also ?? []).map(({ series, lasts: time, moments }) => ({
      every,
      series: Object.fromEntries(Object.entries(series).map(([name, is]) => [name, written(is, every, time)])),
      moments: moments.map(([seconds, count]) => ({ seconds: onTime(seconds, every), alerts: count })),
    })),
  ];
}

function stepOf(one: Case, step: NonNullable<Case["step"]>, every: number, lasts: number, alerts: number): Test {
  const [before, after] = [one.series(step.from), one.series(step.to)];
  const begins = Math.round(lasts / every / 2) * every;
  return {
    every,
    series: Object.fromEntries(
      Object.entries(before).map(([name, is]) => [name, writtenStep(is, after[name] ?? is, every, lasts)]),
    ),
    moments: [
      { seconds: onTime(begins + step.after, every) - 2 * every, alerts: step.ends ? alerts : 0 },
      { seconds: onTime(begins + step.after, every) + 2 * every, alerts: step.ends ? 0 : alerts },
    ],
  };
}

/** A moment of an evaluation: between two that are far apart, an alert's series looks gone. */
const onTime = (seconds: number, every: number) => Math.round(seconds / every) * every;

export interface Verdict {
  /** Alerts of which some moment was not as expected. */
  failed: Set<string>;
  /** Alerts that Prometheus cannot load or evaluate, with what it said. */
  broken: Map<string, string>;
}

/** Lets promtool evaluate all alerts over the tests at once, each for itself. */
export async function judge(tests: readonly Test[], alerts: readonly Rule[]): Promise<Verdict> {
  const folder = await mkdtemp(join(tmpdir(), "media-rules-"));
  const verdict: Verdict = { failed: new Set(), broken: new Map() };
  try {
    for (;;) {
      const left = alerts.filter(({ name }) => !verdict.broken.has(name));
      const said = await run(folder, tests, left);
      const broken = brokenIn(said);
      if (broken.size === 0) {
        for (const [, name = ""] of said.matchAll(/alertname=\\?"(\w+)\\?"/g)) verdict.failed.add(name);
        if (said !== "" && verdict.failed.size === 0) throw new Error(`promtool: ${said}`);
        return verdict;
      }
      for (const [name, why] of broken) verdict.broken.set(name, why);
    }
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Names of rules in errors of loading and of evaluation. */
function brokenIn(said: string): Map<string, string> {
  const found = [...said.matchAll(/(?:rule \d+, "(\w+)": ([^\n]*)|rule: (\w+), time: [^\n]*err: ([^\n]*))/g)];
  return new Map(found.map(([, a, why, b, reason]) => [(a ?? b) as string, (why ?? reason) as string]));
}

async function run(folder: string, tests: readonly Test[], alerts: readonly Rule[]): Promise<string> {
  const groups = alerts.map((rule) => ({
    name: rule.name,
    rules: [{ alert: rule.name, expr: rule.expr, ...(rule.for ? { for: rule.for } : {}) }],
  }));
  await writeFile(join(folder, "rules.yaml"), stringify({ groups }, { lineWidth: 0 }));
  const suite = tests.map(({ every, series, moments }) => ({
    interval: `${every}s`,
    input_series: Object.entries(series).map(([name, values]) => ({ series: name, values })),
    promql_expr_test: moments.flatMap(({ seconds, alerts: value }) =>
      alerts.map(({ name }) => ({
        expr: `count(ALERTS{alertname="${name}",alertstate="firing"}) or vector(0)`,
        eval_time: `${seconds}s`,
        exp_samples: [{ labels: "{}", value }],
      })),
    ),
  }));
  const [{ every = 15 } = {}] = tests;
  const file = { rule_files: ["rules.yaml"], evaluation_interval: `${every}s`, tests: suite };
  await writeFile(join(folder, "tests.yaml"), stringify(file, { lineWidth: 0 }));
  return await new Promise((resolve, reject) => {
    execFile(
      "promtool",
      ["test", "rules", join(folder, "tests.yaml")],
      { maxBuffer: 64 * 1024 * 1024 },
      (error, stdout, stderr) => {
        if (!error) resolve("");
        else if (typeof error.code === "number") resolve(`${stdout}\n${stderr}`);
        else reject(error);
      },
    );
  });
}
