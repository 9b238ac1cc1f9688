import { setTimeout as sleep } from "node:timers/promises";
import { execa } from "execa";
import { recordValues } from "../bench/figures.ts";
import type { Layout } from "../cluster/layout.ts";
import { REPO } from "../lib/paths.ts";
import { say } from "../lib/progress.ts";
import { destroy } from "../stack/deploy.ts";
import { environment, useEnvironment } from "../stack/environment.ts";
import { listed, unknownOf } from "../stack/orphans.ts";
import type { State } from "../stack/pending.ts";
import { exported, pulumiWithConfig, type Stack } from "../stack/pulumi.ts";
import { secondsOf } from "./random.ts";

/** A command that changes the stack and is killed. */
export interface Work {
  readonly name: string;
  /** About how long the command takes when it is not killed: the second of the kill is drawn below it. */
  readonly seconds: number;
  /** Brings the stack to where the command has something to do. */
  readonly before: (stack: Stack) => Promise<void>;
  readonly command: (stack: Stack) => Promise<readonly [string, ...string[]]>;
}

/** What a round may find; empty when all is well. */
type Problems = string[];

export const WORKS: readonly Work[] = [
  {
    name: "`make up` of an empty stack",
    seconds: 100,
    before: destroy,
    command: async ({ layout }) => ["make", "-s", "up", `NAME=${layout.name}`],
  },
  {
    name: "`pulumi up` that replaces every autonamed object",
    seconds: 40,
    before: async () => {},
    command: async (stack) => {
      const urns = (((await exported(stack)) as State).deployment?.resources ?? []).flatMap(({ urn, inputs }) => {
        const { annotations } = (inputs?.metadata ?? {}) as { annotations?: Record<string, string> };
        return annotations?.["pulumi.com/autonamed"] === "true" ? ["--replace", urn] : [];
      });
      const config = ["--config-file", `Pulumi.${stack.name}.yaml`];
      return [
        "pulumi",
        "up",
        "--yes",
        "--skip-preview",
        "--non-interactive",
        "--stack",
        stack.name,
        ...config,
        ...urns,
      ];
    },
  },
];

/**
 * Kills a change of the dev stack with -9 at a random second, then brings the stack up, round after round, and counts
 * the rounds after which the stack serves a request, previews empty and has no object without an owner.
 *
 * @param rounds how many
 * @param seed the same seed draws the same seconds
 * @param works what is killed, in turn
 */
export async function kills(layout: Layout, rounds: number, seed: number, works = WORKS): Promise<void> {
  const stack: Stack = { layout, name: "dev" };
  useEnvironment(layout, stack.name);
  await makeUp(layout);
  let well = 0;
  let removed = 0;
  for (const [round, fraction] of secondsOf(seed, rounds).entries()) {
    const work = works[round % works.length] as Work;
    await work.before(stack);
    const at = 1 + fraction * (work.seconds - 1);
    await killedAfter(at, await work.command(stack), stack);
    const { output, problems } = await makeUp(layout);
    removed += output.match(/left behind, is removed/g)?.length ?? 0;
    problems.push(...(await problemsOf(stack)));
    if (problems.length === 0) well += 1;
    const verdict = problems.length === 0 ? "well" : problems.join("; ");
    say(`round ${round + 1} of ${rounds}, seed ${seed}: ${work.name} killed after ${at.toFixed(1)} s: ${verdict}`);
  }
  say(`${well} of ${rounds} well; ${removed} objects that a killed engine had left were removed`);
  const name = `\`make up\` after a kill -9 of it or of \`pulumi up\` at a random second: rounds of ${rounds} that end well, with no object without an owner`;
  await recordValues({ name, unit: "rounds", bound: rounds, atLeast: true }, [well]);
  if (well < rounds) process.exitCode = 1;
}

/** Runs the command in a process group of its own and ends the group, as a power cut would. */
async function killedAfter(seconds: number, [program, ...args]: readonly [string, ...string[]], stack: Stack) {
  const env = environment(stack.layout, stack.name);
  const child = execa(program, args, { cwd: REPO, env, stdin: "ignore", detached: true, reject: false });
  await Promise.race([sleep(seconds * 1000), child]);
  try {
    process.kill(-(child.pid as number), "SIGKILL");
  } catch {
    // It had finished by itself.
  }
  await child;
}

/** Runs `make up`; returns what it printed, and why it failed. */
export async function makeUp({ name }: Layout): Promise<{ output: string; problems: Problems }> {
  const { all, exitCode } = await execa("make", ["-s", "up", `NAME=${name}`], {
    cwd: REPO,
    all: true,
    stdin: "ignore",
    reject: false,
  });
  const problems = exitCode === 0 ? [] : [`make up ended with ${exitCode}: ${all.slice(-2000)}`];
  return { output: all, problems };
}

async function problemsOf(stack: Stack): Promise<Problems> {
  const state = (await exported(stack)) as State;
  const strangers = unknownOf(await listed(stack, state), state, stack.name);
  const preview = await pulumiWithConfig(stack, "preview", ["--expect-no-changes"], { show: false });
  return [
    ...strangers.map(({ kind, name }) => `${kind} ${name} stands in no state`),
    ...(state.deployment?.pending_operations ?? []).map(({ resource }) => `${resource.urn} is pending`),
    ...(preview.exitCode === 0 ? [] : [`the preview is not empty: ${String(preview.stdout).slice(-1000)}`]),
  ];
}
