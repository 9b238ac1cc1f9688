import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { compare, inWords } from "./baselines/compare.ts";
import { historiesOf } from "./baselines/history.ts";
import { Baselines } from "./baselines/store.ts";
import { JOURNEYS } from "./journeys/index.ts";
import { failWith, UserError } from "./lib/errors.ts";
import { say } from "./lib/progress.ts";
import { outputsFrom } from "./lib/target.ts";
import { bottleneck } from "./report/bottleneck.ts";
import { htmlReport } from "./report/html.ts";
import { markdownReport } from "./report/markdown.ts";
import { sentence } from "./report/words.ts";
import type { Result } from "./results/result.ts";
import { flawsOf, readResult } from "./results/validate.ts";
import { oneOf, runLoad } from "./run.ts";
import { LEVELS, type LevelName, SHAPES, type ShapeName } from "./shapes/shapes.ts";
import { TOOLS } from "./tools/index.ts";

const list = (things: Readonly<Record<string, { readonly about: string }>>) =>
  Object.entries(things)
    .map(([name, { about }]) => `  ${name.padEnd(12)} ${about}`)
    .join("\n");

const HELP = `node loadtests/main.ts run --outputs FILE [options]     make load against a stack, and judge it
node loadtests/main.ts report RESULT.json               write the reports of a run anew
node loadtests/main.ts compare RESULT.json … --baseline RESULT.json …, or --against NAME
                                                        whether runs are slower than others; from 4 on each side
node loadtests/main.ts keep NAME RESULT.json …          add runs to a baseline
node loadtests/main.ts baselines                        what baselines there are
node loadtests/main.ts history                          since which of the runs in --dir others are slower or faster;
                                                        exit code 1 where the newest change was for the worse

  --outputs FILE   the stack's outputs as JSON: make -s outputs, or pulumi stack output --json --show-secrets
  --stack NAME     whose outputs these are (dev)
  --tool NAME      ${Object.keys(TOOLS).join(", ")} (custom)
  --shape NAME     see below (smoke)
  --level NAME     see below (normal)
  --rate N         sessions a second that the shape's rates are multiples of (1)
  --seconds N      squeeze or stretch the shape to this length
  --journey NAME   ${JOURNEYS.map(({ name }) => name).join(", ")}, or a JSON file (all)
  --seed N         the same seed sends the same requests (1)
  --title-offset N first of the titles asked for (from the time: titles can be asked for once)
  --runs N         so many runs, one after the other (1)
  --keep NAME      add the runs to the baseline of that name
  --against NAME   compare the runs, 4 or more, with that baseline; exit code 1 where they are slower
  --allow HOST     a host that may be loaded besides this machine and the cluster; may be given again
  --dir FOLDER     where the results go (evidence/load)
  --json           print the result on standard output
Exit code: 0 objectives met, 1 not met or no verdict, 2 wrong usage or the target is down, 130 interrupted.

Shapes:
${list(SHAPES)}
Levels:
${list(LEVELS)}
`;

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
  const files = positionals.slice(1);
  if (verb === "compare") {
    const now = files.map(readResult);
    const [first] = now;
    const named = values.against && first ? baselines.runsOf(values.against, first) : [];
    return compared([...named, ...values.baseline.map(readResult)], now, values.json);
  }
  if (verb === "keep") {
    if (files.length < 2) throw new UserError("keep needs a name and result files", "keep main evidence/load/*.json");
    say(`kept in ${baselines.keep(files[0] as string, files.slice(1))}`);
    return 0;
  }
  if (verb === "baselines") {
    process.stdout.write(`${baselines.list().join("\n") || "none yet"}\n`);
    return 0;
  }
  if (verb === "history") return history(dir);
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
    outputs: outputsFrom(readOutputs(values.outputs), values.stack),
    rate: number("rate", values.rate) ?? 1,
    seed: Math.floor(number("seed", values.seed) ?? 1),
    allowed: values.allow,
    dir,
    stop: stop.signal,
    ...(values.journey && { journey: values.journey }),
    ...(seconds !== undefined && { seconds }),
    ...(titleOffset !== undefined && { titleOffset: Math.floor(titleOffset) }),
  };
  // Asked before the first run, because its lack would be found only after the last.
  const { tool, shape, level, stack } = args;
  const before = values.against
    ? baselines.runsOf(values.against, { run: { stack }, tool, config: { shape, level } })
    : [];
  if (values.against && runs < 4)
    throw new UserError("a comparison needs 4 runs or more", `RUNS=10 AGAINST=${values.against}`);
  const results: Result[] = [];
  let worst = 0;
  for (let index = 0; index < runs && !stop.signal.aborted; index++) {
    const result = await runLoad(args);
    const flaws = flawsOf(result);
    if (flaws.length > 0) throw new Error(`the result does not keep to its own schema: ${flaws.join("; ")}`);
    worst = Math.max(worst, finish(result, dir, values.json));
    results.push(result);
  }
  if (stop.signal.aborted) return 130;
  if (values.keep)
    say(
      `kept in ${baselines.keep(
        values.keep,
        results.map(({ run }) => join(dir, `${run.id}.json`)),
      )}`,
    );
  return values.against ? Math.max(worst, compared(before, results, values.json)) : worst;
}

/** 1 where the runs are slower than those of the baseline. */
function compared(baseline: readonly Result[], now: readonly Result[], json: boolean): number {
  const comparisons = compare(baseline, now);
  if (json) process.stdout.write(`${JSON.stringify(comparisons)}\n`);
  else for (const comparison of comparisons) process.stdout.write(`${inWords(comparison)}\n`);
  return comparisons.some(({ verdict }) => verdict === "slower") ? 1 : 0;
}

/** 1 where the newest change of a kind of runs was for the worse. */
function history(dir: string): number {
  const histories = historiesOf(dir);
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

function parse() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        outputs: { type: "string" },
        stack: { type: "string", default: "dev" },
        tool: { type: "string", default: "custom" },
        shape: { type: "string", default: "smoke" },
        level: { type: "string", default: "normal" },
        rate: { type: "string" },
        seconds: { type: "string" },
        journey: { type: "string" },
        seed: { type: "string" },
        "title-offset": { type: "string" },
        allow: { type: "string", multiple: true, default: [] },
        baseline: { type: "string", multiple: true, default: [] },
        baselines: { type: "string", default: "evidence/load/baselines" },
        runs: { type: "string" },
        keep: { type: "string" },
        against: { type: "string" },
        dir: { type: "string", default: "evidence/load" },
        json: { type: "boolean", default: false },
        help: { type: "boolean", default: false },
      },
    });
  } catch (error) {
    throw new UserError((error as Error).message, "node loadtests/main.ts --help tells what there is");
  }
}

function readOutputs(file: string | undefined): string {
  if (!file) throw new UserError("--outputs is missing", "give a file with what make -s outputs prints");
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw new UserError(
      `the outputs cannot be read: ${(error as Error).message}`,
      "give a file with what make -s outputs prints",
    );
  }
}

function number(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (
    text.trim() === "" ||
    !Number.isFinite(value) ||
    value < 0 ||
    (name !== "title-offset" && name !== "seed" && value === 0)
  )
    throw new UserError(`--${name} ${text} is not a number above 0`, `give a number: --${name} 5`);
  return value;
}

try {
  process.exitCode = await main();
} catch (error) {
  failWith(error);
}
