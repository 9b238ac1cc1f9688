import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { JOURNEYS } from "./journeys/index.ts";
import { UserError } from "./lib/errors.ts";
import { LEVELS, SHAPES } from "./shapes/shapes.ts";
import { TOOLS } from "./tools/index.ts";

const list = (things: Readonly<Record<string, { readonly about: string }>>) =>
  Object.entries(things)
    .map(([name, { about }]) => `  ${name.padEnd(12)} ${about}`)
    .join("\n");

export const HELP = `node loadtests/main.ts run --outputs FILE [options]     make load against a stack, and judge it
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
  --from PLACE     where compare, baselines and history find runs: files, or store, the stack's backup store, which needs
                   --outputs (files; a run whose baseline is no file takes the store's)
  --where PLACE    where the generator runs: here, or cluster, as a Job of the stack's namespace: custom and k6 (here)
  --kubeconfig FILE, --context NAME   the cluster of both (KUBECONFIG, and its current context)
  --json           print the result on standard output
Exit code: 0 objectives met, 1 not met or no verdict, 2 wrong usage or the target is down, 130 interrupted.

Shapes:
${list(SHAPES)}
Levels:
${list(LEVELS)}
`;

export function parse() {
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
        from: { type: "string", default: "files" },
        where: { type: "string", default: "here" },
        kubeconfig: { type: "string" },
        context: { type: "string" },
        dir: { type: "string", default: "evidence/load" },
        json: { type: "boolean", default: false },
        help: { type: "boolean", default: false },
      },
    });
  } catch (error) {
    throw new UserError((error as Error).message, "node loadtests/main.ts --help tells what there is");
  }
}

export function readOutputs(file: string | undefined): string {
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

export function number(name: string, text: string | undefined): number | undefined {
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
