import { setTimeout as sleep } from "node:timers/promises";
import { podsReady } from "@media/drills/verify/pods";
import { type CredentialName, credential, validOf } from "@media/infra/credentials";
import { RotationError, rotationPlan, type Step } from "@media/infra/rotation";
import { layoutOf } from "../cluster/layout.ts";
import { UserError } from "../lib/errors.ts";
import { phase, say } from "../lib/progress.ts";
import { access } from "../stack/access.ts";
import { tryToKeepCopy } from "../stack/copies/states.ts";
import { deploy } from "../stack/deploy.ts";
import { useEnvironment } from "../stack/environment.ts";
import { readGenerations, writeGenerations } from "../stack/generations.ts";
import { renewOverlay } from "../stack/overlay.ts";
import { outputs, type Stack } from "../stack/pulumi.ts";
import type { Options } from "./options.ts";

const DOING = {
  accepted: "the new ones are accepted beside the old ones; what has one value at a time is replaced",
  used: "the new ones are used; the old ones are still accepted",
  alone: "the old ones are refused",
};
const PROGRESS_SECONDS = 60;

/**
 * Replaces generated credentials of a running stack, in steps between which two are valid. It may be cut off at any moment:
 * the same again brings it to its end.
 */
export async function rotate({ stack: name, name: cluster, what = "", dry }: Options): Promise<void> {
  const layout = layoutOf(cluster);
  const stack = { layout, name };
  const before = await readGenerations(stack);
  const steps = planned(name, what, before);
  for (const line of inWords(steps)) say(line);
  if (dry) return say("nothing was changed (DRY=1)");
  useEnvironment(layout, name);
  if (!(await outputs(stack))) throw new UserError(`stack ${name} is not up`, `bring it up: make up STACK=${name}`);
  for (const [index, step] of steps.entries()) {
    await phase(`step ${index + 1} of ${steps.length}: ${DOING[step.name]}`, () => take(stack, step));
    await wait(step);
  }
  await phase("copy of its state", () => tryToKeepCopy(stack));
  const replaced = [...new Set(steps.flatMap(({ names }) => names))];
  say(`replaced: ${replaced.join(", ")}. The new values: make outputs STACK=${name}`);
  const rest = steps.length > 0 ? left(name, what, replaced) : [];
  if (rest.length > 0)
    say(`this was a rotation that had been cut off; not replaced yet: ${rest.join(", ")} (the same again)`);
}

function planned(stack: string, what: string, now: Awaited<ReturnType<typeof readGenerations>>): Step[] {
  try {
    return rotationPlan(stack, what, now);
  } catch (error) {
    if (error instanceof RotationError) throw new UserError(error.message, "for example: make rotate WHAT=redis-state");
    throw error;
  }
}

/** What was asked for and is not among these. */
function left(stack: string, what: string, replaced: readonly CredentialName[]): CredentialName[] {
  const asked = rotationPlan(stack, what, {}).flatMap(({ names }) => names);
  return [...new Set(asked)].filter((name) => !replaced.includes(name));
}

/** The plan for people: each credential once, then the steps. */
export function inWords(steps: readonly Step[]): string[] {
  const names = [...new Set(steps.flatMap((step) => step.names))];
  const last = steps.at(-1)?.generations ?? {};
  return [
    ...names.map((name) => {
      const { holder, between, rolls = [] } = credential(name);
      const { used } = validOf(last[name] ?? { generation: 1 });
      const pods = rolls.length > 0 ? `; replaces the pods of ${rolls.join(", ")}` : "; replaces no pod";
      return `${name}, generation ${used}: ${holder}. In between: ${between}${pods}`;
    }),
    ...steps.map(({ name, names, waitSeconds }, index) => {
      const then = waitSeconds > 0 ? `, then ${waitSeconds} s` : "";
      return `step ${index + 1} of ${steps.length}: ${DOING[name]} (${names.join(", ")})${then}`;
    }),
  ];
}

/** One deployment of the stack; of base, also of the stacks that keep their backups there. */
async function take(stack: Stack, { generations }: Step): Promise<void> {
  await writeGenerations(stack, generations);
  const tenants = stack.name === "base" ? await tenantsOf(stack) : [];
  for (const one of [stack, ...tenants]) {
    await renewOverlay(one);
    useEnvironment(one.layout, one.name);
    await deploy(one);
    await podsReady(access(one));
  }
}

/** The stacks that are up and have a bucket in the base stack's store. */
async function tenantsOf(base: Stack): Promise<Stack[]> {
  const found = await outputs(base);
  const names = Object.keys((found?.backupStoreTenants as Record<string, unknown> | undefined) ?? {});
  const stacks = names.map((name) => ({ layout: base.layout, name }));
  const up = await Promise.all(stacks.map(async (stack) => (await outputs(stack)) !== undefined));
  return stacks.filter((_stack, index) => up[index]);
}

async function wait({ name, names, waitSeconds }: Step): Promise<void> {
  const reason =
    name === "used" && names.includes("token-key")
      ? "until tokens of the old key have expired"
      : "until all pods read it";
  for (let left = waitSeconds; left > 0; left -= PROGRESS_SECONDS) {
    say(`waiting ${reason}: ${left} s`);
    await sleep(Math.min(left, PROGRESS_SECONDS) * 1_000);
  }
}
