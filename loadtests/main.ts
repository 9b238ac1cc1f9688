import { mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { namespaceOf } from "@media/drills/stack";
import { compare, inWords } from "./baselines/compare.ts";
import { historiesOf, runsIn } from "./baselines/history.ts";
import { withStore } from "./baselines/open-store.ts";
import { Baselines } from "./baselines/store.ts";
import { EVERY_RUN, type StoredRuns } from "./baselines/stored.ts";
import { failWith, UserError } from "./lib/errors.ts";
import { say } from "./lib/progress.ts";
import { outputsFrom, type StackOutputs } from "./lib/target.ts";
import { HELP, number, parse, readOutputs } from "./options.ts";
import { bottleneck } from "./report/bottleneck.ts";
import { htmlReport } from "./report/html.ts";
import { markdownReport } from "./report/markdown.ts";
import { sentence } from "./report/words.ts";
import type { Result } from "./results/result.ts";
import { flawsOf, readResult } from "./results/validate.ts";
import { oneOf, runLoad } from "./run.ts";
import { LEVELS, type LevelName, SHAPES, type ShapeName } from "./shapes/shapes.ts";
import { TOOLS } from "./tools/index.ts";

async function main(): Promise<number> {
  const { values, positionals } = parse();
  const [verb = "run", file] = positionals;
  if (values.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const dir = resolve(values.dir);
  mkdirSync(dir, { recursive: true });
  if (verb === "report") {
    if (!file)
      throw new UserError("report needs a result file", "node loadtests/main.ts report evidence/load/<run>.json");
    return finish(readResult(file), dir, values.json);
  }
  const baselines = new Baselines(resolve(values.baselines));
  const { kubeconfig: configFile, context } = values;
  const kubeconfig = { ...(configFile && { file: configFile }), ...(context && { context }) };
  // Read once, because it may be a pipe.
  let read: StackOutputs | undefined;
  const outputs = () => {
    read ??= outputsFrom(readOutputs(values.outputs), values.stack);
    return read;
  };
  const stored: Stored = (work) => withStore(outputs(), kubeconfig, work);
  const inStore = oneOf("place of runs", values.from, ["files", "store"]) === "store";
  const files = positionals.slice(1);
  if (verb === "compare") {
    const now = files.map(readResult);
    const [first] = now;
    const { against } = values;
    const kept = (like: Result, name: string) =>
      inStore ? stored((runs) => runs.runsOf(name, like)) : baselines.runsOf(name, like);
    const named = against && first ? await kept(first, against) : [];
    return compared([...named, ...values.baseline.map(readResult)], now, values.json);
  }
  if (verb === "keep") {
    if (files.length < 2) throw new UserError("keep needs a name and result files", "keep main evidence/load/*.json");
    say(`kept in ${baselines.keep(files[0] as string, files.slice(1))}`);
    return 0;
  }
  if (verb === "baselines") {
    const lines = inStore ? await stored((runs) => runs.list(values.stack)) : baselines.list();
    process.stdout.write(`${lines.join("\n") || "none yet"}\n`);
    return 0;
  }
  if (verb === "history")
    return inStore
      ? history(await stored((runs) => runs.everyRun(values.stack)), "the backup store")
      : history(runsIn(dir), dir);
  if (verb !== "run")
    throw new UserError(
      `"${verb}" is not a verb`,
      "take run, report, compare, keep, baselines or history; --help tells more",
    );

  const stop = new AbortController();
  process.on("SIGINT", () => {
    if (stop.signal.aborted) process.exit(130);
    say("\ninterrupted: the report of what there is so far follows; Ctrl-C again leaves at once");
    stop.abort();
  });
  const seconds = number("seconds", values.seconds);
  const titleOffset = number("title-offset", values["title-offset"]);
  const runs = Math.floor(number("runs", values.runs) ?? 1);
  const args = {
    tool: TOOLS[oneOf("tool", values.tool, Object.keys(TOOLS))] as (typeof TOOLS)[string],
    shape: oneOf<ShapeName>("shape", values.shape, Object.keys(SHAPES) as ShapeName[]),
    level: oneOf<LevelName>("level", values.level, Object.keys(LEVELS) as LevelName[]),
    stack: values.stack,
    outputs: outputs(),
    rate: number("rate", values.rate) ?? 1,
    seed: Math.floor(number("seed", values.seed) ?? 1),
    allowed: values.allow,
    dir,
    stop: stop.signal,
    ...(oneOf("place of the generator", values.where, ["here", "cluster"]) === "cluster" && {
      inCluster: {
        name: values.stack,
        namespace: namespaceOf(values.stack),
        kubeconfig,
        outputs: async () => undefined,
      },
    }),
    ...(values.journey && { journey: values.journey }),
    ...(seconds !== undefined && { seconds }),
    ...(titleOffset !== undefined && { titleOffset: Math.floor(titleOffset) }),
  };
  // Asked before the first run, because its lack would be found only after the last.
  const { tool, shape, level, stack } = args;
  const kind = { run: { stack }, tool, config: { shape, level } };
  const { against, keep } = values;
  const inFiles = !inStore && against && (baselines.has(against, kind) || !args.outputs.backupStore);
  const before = against
    ? inFiles
      ? baselines.runsOf(against, kind)
      : await stored((kept) => kept.runsOf(against, kind))
    : [];
  if (against && runs < 4) throw new UserError("a comparison needs 4 runs or more", `RUNS=10 AGAINST=${against}`);
  const results: Result[] = [];
  let worst = 0;
  for (let index = 0; index < runs && !stop.signal.aborted; index++) {
    const result = await runLoad(args);
    const flaws = flawsOf(result);
    if (flaws.length > 0) throw new Error(`the result does not keep to its own schema: ${flaws.join("; ")}`);
    worst = Math.max(worst, finish(result, dir, values.json));
    results.push(result);
    await keepInStore(stored, EVERY_RUN, [result]);
  }
  if (stop.signal.aborted) return 130;
  if (keep) {
    const files = results.map(({ run }) => join(dir, `${run.id}.json`));
    say(`kept in ${baselines.keep(keep, files)}`);
    await keepInStore(stored, keep, results);
  }
  return against ? Math.max(worst, compared(before, results, values.json)) : worst;
}

type Stored = <T>(work: (runs: StoredRuns) => Promise<T>) => Promise<T>;

/** A run is never lost with the store: where that is away, its file is there. */
async function keepInStore(stored: Stored, name: string, results: readonly Result[]): Promise<void> {
  const whole = results.filter(({ run, generatorLimited }) => !run.interrupted && generatorLimited === null);
  if (whole.length === 0) return;
  try {
    await stored(async (runs) => {
      for (const result of whole) await runs.keep(name, result);
    });
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    say(`warning: kept as a file only, not in the backup store: ${error.message}`);
  }
}

/** 1 where the runs are slower than those of the baseline. */
function compared(baseline: readonly Result[], now: readonly Result[], json: boolean): number {
  const comparisons = compare(baseline, now);
  if (json) process.stdout.write(`${JSON.stringify(comparisons)}\n`);
  else for (const comparison of comparisons) process.stdout.write(`${inWords(comparison)}\n`);
  return comparisons.some(({ verdict }) => verdict === "slower") ? 1 : 0;
}

/** 1 where the newest change of a kind of runs was for the worse. */
function history(results: readonly Result[], where: string): number {
  const histories = historiesOf(results, where);
  for (const { kind, runs, lines } of histories)
    process.stdout.write(
      [`${kind}: ${runs} runs`, ...(lines.length > 0 ? lines : ["no change"]), ""].join("\n  ").trimEnd().concat("\n"),
    );
  return histories.some(({ slower }) => slower) ? 1 : 0;
}

function finish(result: Result, dir: string, json: boolean): number {
  const path = (ending: string) => join(dir, `${result.run.id}.${ending}`);
  writeFileSync(path("json"), JSON.stringify(result));
  writeFileSync(path("html"), htmlReport(result));
  writeFileSync(path("md"), markdownReport(result));
  const { head, evidence, help } = bottleneck(result);
  const words = [sentence(result), `bottleneck: ${head}`, ...evidence.map((line) => `  ${line}`)];
  say([...words, ...help.map((line) => `may help: ${line}`), `report: ${path("html")}`].join("\n"));
  if (json) process.stdout.write(`${JSON.stringify(result)}\n`);
  if (result.run.interrupted) return 130;
  return result.verdict === "met" ? 0 : 1;
}

try {
  process.exitCode = await main();
} catch (error) {
  failWith(error);
}
