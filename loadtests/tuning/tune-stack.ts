import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { UserError } from "../lib/errors.ts";
import { say } from "../lib/progress.ts";
import { outputsFrom } from "../lib/target.ts";
import { readResult } from "../results/validate.ts";
import { oneOf, runLoad } from "../run.ts";
import { SHAPES, type ShapeName } from "../shapes/shapes.ts";
import { TOOLS } from "../tools/index.ts";
import { Interrupted, type Lab, rollBack, tune } from "./loop.ts";
import { recordOf } from "./record.ts";
import { type State, StateFile } from "./state.ts";

/** The Pulumi program of a stack, as far as tuning needs it. */
export type TunedProgram = Pick<Lab, "valueOf" | "deploy" | "keep"> & {
  outputs(): Promise<Readonly<Record<string, unknown>> | undefined>;
};

export interface TuneOptions {
  readonly stack: string;
  readonly program: TunedProgram;
  /** Folder of evidence. */
  readonly dir: string;
  /** Shape of the load. @default load */
  readonly shape?: string;
  /** Sessions a second that the shape's rates are multiples of. @default 2 */
  readonly rate?: number;
  /** Length of a run. @default 40 */
  readonly seconds?: number;
  /** Runs on each side of a comparison, 5 to 30. @default 5 */
  readonly runs?: number;
  /** Changes kept at most. @default 3 */
  readonly rounds?: number;
  /** Remove the change that is being tried, and end. */
  readonly back?: boolean;
}

/** Stacks that may be changed and loaded to see what becomes of it. */
const TUNABLE = ["dev", "staging", "perf"];

/**
 * Tunes a stack, or goes on with a tuning that was cut off, and drafts a decision record. Returns the record's path. Ctrl-C
 * ends it after the step under way, or in the middle of a run, with exit code 130.
 */
export async function tuneStack(options: TuneOptions): Promise<string | undefined> {
  const { stack, program, dir, runs = 5, rounds = 3, rate = 2, seconds = 40 } = options;
  if (!TUNABLE.includes(stack))
    throw new UserError(
      `stack ${stack} is not tuned by trying: its users would be the load and the loss`,
      `tune perf, and put what it kept into Pulumi.${stack}.yaml: STACK=perf`,
    );
  if (!(runs >= 5 && runs <= 30))
    throw new UserError(`RUNS=${runs} cannot be compared`, "give 5 to 30 runs on each side");
  const shape = oneOf<ShapeName>("shape", options.shape ?? "load", Object.keys(SHAPES) as ShapeName[]);
  const outputs = async () => outputsFrom(JSON.stringify((await program.outputs()) ?? {}), stack);
  await outputs();
  const file = new StateFile(dir, stack);
  const release = file.hold();
  const stop = new AbortController();
  const interrupt = () => stop.abort();
  process.on("SIGINT", interrupt);
  const load =
    file.read()?.end === undefined ? (file.read()?.load ?? { shape, rate, seconds }) : { shape, rate, seconds };
  const results = join(dir, "load");
  const lab: Lab = {
    ...program,
    valueOf: (key) => program.valueOf(key),
    deploy: (changes) => program.deploy(changes),
    keep: (key, value) => program.keep(key, value),
    read: readResult,
    say,
    stop: stop.signal,
    async load() {
      const result = await runLoad({
        tool: TOOLS.custom as (typeof TOOLS)[string],
        shape: load.shape as ShapeName,
        level: "normal",
        stack,
        outputs: await outputs(),
        rate: Number(load.rate),
        seconds: Number(load.seconds),
        seed: 1,
        allowed: [],
        dir: results,
        stop: stop.signal,
      });
      if (result.run.interrupted) throw new Interrupted();
      const path = join(results, `${result.run.id}.json`);
      writeFileSync(path, JSON.stringify(result));
      if (result.generatorLimited)
        throw new UserError(
          `the generator was the limit: ${result.generatorLimited}`,
          "take a lower RATE, then run the same again: it goes on",
        );
      return { file: path, result };
    },
  };
  let state: State | undefined;
  try {
    state = options.back ? await rollBack({ lab, file }) : await tune({ lab, file, stack, runs, rounds, load });
  } catch (error) {
    if (!(error instanceof Interrupted)) throw error;
    say("the same command goes on where it was; BACK=1 removes the change that is being tried");
    process.exitCode = 130;
    return undefined;
  } finally {
    process.off("SIGINT", interrupt);
    release();
  }
  if (!state) {
    say(`no tuning of stack ${stack} is under way`);
    return undefined;
  }
  const record = join(dir, `tuning-${stack}-${state.startedAt.slice(0, 19).replace(/[-:]/g, "")}.md`);
  writeFileSync(record, recordOf(state));
  say(`${state.end}\nrecord: ${record}`);
  return record;
}
