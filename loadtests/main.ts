import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { JOURNEYS } from "./journeys/index.ts";
import { failWith, UserError } from "./lib/errors.ts";
import { say } from "./lib/progress.ts";
import { outputsFrom } from "./lib/target.ts";
import { htmlReport } from "./report/html.ts";
import { markdownReport } from "./report/markdown.ts";
import { sentence } from "./report/words.ts";
import type { Result } from "./results/result.ts";
import { flawsOf, readResult } from "./results/validate.ts";
import { oneOf, runLoad } from "./run.ts";
import { LEVELS, type LevelName, SHAPES, type ShapeName } from "./shapes/shapes.ts";
import { TOOLS } from "./tools/index.ts";

const list = (things: Readonly<Record<string, { readonly about: string }>>) =>
  Object.entries(things).map(([name, { about }]) => `  ${name.padEnd(12)} ${about}`).join("\n");

const HELP = `node loadtests/main.ts run --outputs FILE [options]     make load against a stack, and judge it
node loadtests/main.ts report RESULT.json               write the reports of a run anew

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
    if (!file) throw new UserError("report needs a result file", "node loadtests/main.ts report evidence/load/<run>.json");
    return finish(readResult(file), dir, values.json);
  }
  if (verb !== "run") throw new UserError(`"${verb}" is not a verb`, "take run or report; --help tells more");

  const stop = new AbortController();
  process.on("SIGINT", () => {
    if (stop.signal.aborted) process.exit(130);
    say("\ninterrupted: the report of what there is so far follows; Ctrl-C again leaves at once");
    stop.abort();
  });
  const seconds = number("seconds", values.seconds);
  const titleOffset = number("title-offset", values["title-offset"]);
  const result = await runLoad({
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
  });
  const flaws = flawsOf(result);
  if (flaws.length > 0) throw new Error(`the result does not keep to its own schema: ${flaws.join("; ")}`);
  return finish(result, dir, values.json);
}

function finish(result: Result, dir: string, json: boolean): number {
  const path = (ending: string) => join(dir, `${result.run.id}.${ending}`);
  writeFileSync(path("json"), JSON.stringify(result));
  writeFileSync(path("html"), htmlReport(result));
  writeFileSync(path("md"), markdownReport(result));
  say(`${sentence(result)}\nreport: ${path("html")}`);
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
    throw new UserError(`the outputs cannot be read: ${(error as Error).message}`, "give a file with what make -s outputs prints");
  }
}

function number(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (text.trim() === "" || !Number.isFinite(value) || value < 0 || (name !== "title-offset" && name !== "seed" && value === 0))
    throw new UserError(`--${name} ${text} is not a number above 0`, `give a number: --${name} 5`);
  return value;
}

try {
  process.exitCode = await main();
} catch (error) {
  failWith(error);
}
