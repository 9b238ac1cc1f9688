import { analyse } from "../analysis/analyse.ts";
import { type ConfigRemedy, inWords, isConfig, nextValue, REMEDIES } from "../analysis/remedies.ts";
import type { Result } from "../results/result.ts";
import { judge } from "./judge.ts";
import type { State, StateFile, Trial } from "./state.ts";

/** What the loop needs of a stack; the owner of the Pulumi program implements it. */
export interface Lab {
  /** Loads the stack once, and stores the result. */
  load(): Promise<{ readonly file: string; readonly result: Result }>;
  /** A result that was stored. */
  read(file: string): Result;
  /** The value of a key of the configuration, the tier's where the stack does not set it. */
  valueOf(key: string): number;
  /** Deploys the stack with these keys changed, until they are on it; none: as it is configured. */
  deploy(changes: Readonly<Record<string, number>>): Promise<void>;
  /** Writes a key into the stack's configuration, for good. */
  keep(key: string, value: number): Promise<void>;
  readonly say: (line: string) => void;
  /** Aborted when a person interrupts the tuning. */
  readonly stop: AbortSignal;
}

/** The tuning was interrupted: what was done is in its state file, and the same command goes on. */
export class Interrupted extends Error {}

export interface LoopArgs {
  readonly lab: Lab;
  readonly file: StateFile;
  readonly stack: string;
  /** Of each side of a comparison; with fewer than five the exact test is sure of nothing. */
  readonly runs: number;
  /** Changes that are kept at most. */
  readonly rounds: number;
  readonly load: State["load"];
}

/**
 * Measures, names the bottleneck, tries a remedy, keeps it where it really helps, and begins again. Every step is in the
 * state file before the next one begins: a loop that was killed goes on where it was.
 *
 * @throws Interrupted between two steps, where a person wants it to stop
 */
export async function tune(args: LoopArgs): Promise<State> {
  const { lab, file } = args;
  let state = file.read();
  if (state?.end) state = undefined;
  if (state) lab.say(`going on with the tuning of ${state.startedAt}`);
  state ??= file.write({
    schema: "media-tuning/1",
    stack: args.stack,
    startedAt: new Date().toISOString(),
    load: args.load,
    baseline: [],
    trials: [],
  });
  // Changes that this process has deployed; another process that goes on deploys its change first.
  const deployed = new Set<string>();
  while (!state.end) {
    if (lab.stop.aborted) throw new Interrupted();
    state = file.write(await step(state, { ...args, deployed }));
  }
  return state;
}

/** Removes the change that was being tried, if any. */
export async function rollBack({ lab, file }: Pick<LoopArgs, "lab" | "file">): Promise<State | undefined> {
  const state = file.read();
  if (!state || state.end) return undefined;
  await lab.deploy({});
  const { trying, ...rest } = state;
  const trials = trying ? [...state.trials, { ...trying, outcome: "rolled back" as const }] : state.trials;
  return file.write({ ...rest, trials, end: "rolled back by hand", endedAt: new Date().toISOString() });
}

type StepArgs = LoopArgs & { readonly deployed: Set<string> };

async function step(state: State, args: StepArgs): Promise<State> {
  const { lab, runs } = args;
  const ended = (end: string): State => ({ ...state, end, endedAt: new Date().toISOString() });
  if (state.baseline.length < runs) {
    lab.say(`baseline: run ${state.baseline.length + 1} of ${runs}`);
    return { ...state, baseline: [...state.baseline, (await lab.load()).file] };
  }
  if (state.trying) return await goOn(state, state.trying, args);
  const kept = state.trials.filter(({ outcome }) => outcome === "kept").length;
  if (kept >= args.rounds) return ended(`${kept} changes were kept, as many as were asked for`);
  const results = state.baseline.map((path) => lab.read(path));
  const { kind, about, evidence } = bottleneckOf(results);
  if (!kind) return ended(`no bottleneck: ${about}`);
  lab.say(`bottleneck: ${kind}: ${about}`);
  for (const line of evidence) lab.say(`  ${line}`);
  const candidate = candidateFor(kind, state, lab);
  if (!candidate) {
    const advice = REMEDIES[kind].filter((remedy) => !isConfig(remedy)).map(inWords);
    return ended(
      `${kind}: no key of the configuration is left to try${advice.length > 0 ? `; ${advice.join("; ")}` : ""}`,
    );
  }
  const { remedy, from, to } = candidate;
  lab.say(`trying ${remedy.key}: ${to} instead of ${from}, because ${remedy.why}`);
  return { ...state, trying: { kind, key: remedy.key, from, to, why: remedy.why, evidence, runs: [] } };
}

/** Also after a kill: what is to be on the stack is deployed again, which changes nothing where it is there. */
async function goOn(state: State, trying: Trial, { lab, runs, deployed }: StepArgs): Promise<State> {
  const { trying: _, ...rest } = state;
  if (trying.runs.length < runs) {
    if (!deployed.has(trying.key)) await lab.deploy({ [trying.key]: trying.to });
    deployed.add(trying.key);
    lab.say(`with ${trying.key} ${trying.to}: run ${trying.runs.length + 1} of ${runs}`);
    return { ...state, trying: { ...trying, runs: [...trying.runs, (await lab.load()).file] } };
  }
  const after = trying.runs.map((path) => lab.read(path));
  const judgement = judge(
    state.baseline.map((path) => lab.read(path)),
    after,
  );
  const { keep, better, worse, unchanged } = judgement;
  for (const line of [...better, ...worse, ...unchanged]) lab.say(`  ${line}`);
  const outcome = keep ? ("kept" as const) : ("rolled back" as const);
  lab.say(`${trying.key} ${trying.to}: ${outcome}`);
  // First the configuration, then the deployment: killed in between, the next step does both again.
  if (keep) await lab.keep(trying.key, trying.to);
  else await lab.deploy({});
  deployed.delete(trying.key);
  const trials = [...state.trials, { ...trying, outcome, better, worse, unchanged }];
  return { ...rest, trials, ...(keep && { baseline: trying.runs }) };
}

/** Named by most of the runs. */
export function bottleneckOf(results: readonly Result[]): ReturnType<typeof analyse> {
  const findings = results.map((result) => analyse(result));
  const votes = (one: (typeof findings)[number]) => findings.filter(({ kind }) => kind === one.kind).length;
  return findings.reduce((best, one) => (votes(one) > votes(best) ? one : best));
}

function candidateFor(kind: keyof typeof REMEDIES, { trials }: State, lab: Lab) {
  for (const remedy of REMEDIES[kind].filter(isConfig)) {
    const from = lab.valueOf(remedy.key);
    const to = nextValue(remedy as ConfigRemedy, from);
    const tried = trials.some((trial) => trial.key === remedy.key && trial.outcome === "rolled back");
    if (to !== undefined && !tried) return { remedy, from, to };
  }
  return undefined;
}
