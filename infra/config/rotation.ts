import {
  type CredentialName,
  credential,
  credentialsOf,
  FIRST,
  type Generation,
  type Generations,
  type Manner,
  SETTLE_SECONDS,
} from "./credentials.ts";

/** The steps of a rotation, each a `pulumi up`. In the first the new ones are accepted, in the second used, in the last they are alone. */
export const STEPS = ["accepted", "used", "alone"] as const;
export type StepName = (typeof STEPS)[number];

export interface Step {
  name: StepName;
  /** What changes in it. */
  names: readonly CredentialName[];
  /** Of all credentials of the stack, after it. */
  generations: Generations;
  /** How long it has to be in force before the next one, in seconds; 0 after the last one. */
  waitSeconds: number;
}

/** Why a rotation cannot be planned, and what to do. */
export class RotationError extends Error {}

/**
 * What is to do, from where the stack is. A rotation that was cut off is brought to its end first, and nothing else is
 * begun: its first step says again what is there.
 *
 * @param what names, separated by spaces or commas, or `all`
 */
export function rotationPlan(stack: string, what: string, now: Generations): Step[] {
  const wanted = namesOf(stack, what);
  const cutOff = credentialsOf(stack).filter((name) => now[name]?.next);
  return cutOff.length > 0 ? stepsFrom(now, cutOff, true) : stepsFrom(now, wanted, false);
}

function namesOf(stack: string, what: string): CredentialName[] {
  const known = credentialsOf(stack);
  const given = what.split(/[\s,]+/).filter(Boolean);
  if (given.length === 0) throw new RotationError(`name what to replace: all, or of ${known.join(", ")}`);
  if (given.includes("all")) return known;
  const unknown = given.filter((name) => !known.includes(name as CredentialName));
  if (unknown.length > 0)
    throw new RotationError(`stack ${stack} generates no ${unknown.join(", ")}; name all, or of ${known.join(", ")}`);
  return known.filter((name) => given.includes(name));
}

/** What each step makes of a generation, by manner; where it says nothing, the credential stays as it is. */
const MOVES: Record<Manner, Partial<Record<StepName, (generation: number) => Generation>>> = {
  two: {
    accepted: (generation) => ({ generation, next: "accepted" }),
    used: (generation) => ({ generation, next: "used" }),
    alone: (generation) => ({ generation: generation + 1 }),
  },
  place: { accepted: (generation) => ({ generation: generation + 1 }) },
  // After those in place: PgBouncer then looks up logins by its new password, and the database has it.
  login: { used: (generation) => ({ generation: generation + 1 }) },
};

function stepsFrom(now: Generations, names: readonly CredentialName[], resumed: boolean): Step[] {
  const steps = resumed ? [inForce(now, names)] : [];
  let generations = now;
  for (const step of STEPS) {
    const moved = names.filter((name) => isAhead(step, now[name]) && MOVES[credential(name).manner][step]);
    if (moved.length === 0) continue;
    generations = { ...generations, ...Object.fromEntries(moved.map((name) => [name, move(step, name, generations)])) };
    steps.push({ name: step, names: moved, generations, waitSeconds: waitAfter(step, moved) });
  }
  // Nothing follows the last one.
  return steps.map((step, index) => (index === steps.length - 1 ? { ...step, waitSeconds: 0 } : step));
}

/** A step that was begun and may not have ended: it is done again. */
function inForce(generations: Generations, names: readonly CredentialName[]): Step {
  const name = names.some((one) => generations[one]?.next === "used") ? "used" : "accepted";
  return { name, names, generations, waitSeconds: waitAfter(name, names) };
}

const isAhead = (step: StepName, { next }: Generation = FIRST) => !next || STEPS.indexOf(step) > STEPS.indexOf(next);

function move(step: StepName, name: CredentialName, generations: Generations): Generation {
  const { generation } = generations[name] ?? FIRST;
  return MOVES[credential(name).manner][step]?.(generation) ?? { generation };
}

function waitAfter(step: StepName, names: readonly CredentialName[]): number {
  const kept = step === "used" ? names.map((name) => credential(name).keepSeconds ?? 0) : [];
  return Math.max(SETTLE_SECONDS, ...kept);
}
