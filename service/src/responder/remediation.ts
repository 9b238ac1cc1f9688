import { beginAttempt, endAttempt, readAutomation, secondsSinceLast } from "../data/repositories/incident-attempts.ts";
import { attemptsOf } from "../data/repositories/incidents.ts";
import type { Attempt, Target } from "../model/incidents.ts";
import { messageOf } from "../observability/message.ts";
import { playbookFor } from "./playbooks/index.ts";
import { type Playbook, Refused } from "./playbooks/playbook.ts";
import { type Context, escalate, type Step, said } from "./step.ts";
import { look } from "./verification.ts";

/** Steps in a row in which it could not be seen whether the alert is still so. */
const BLIND_STEPS = 6;
const BLIND_SECONDS = 10;

/** One try of the playbook. Each guard says by itself why it stops. */
export async function remediate(context: Context): Promise<Step> {
  const { deps, incident, playbooks } = context;
  const playbook = playbookFor(incident, playbooks);
  if (!playbook) return { state: "review", events: [said("review", "There is no playbook any more.")] };
  const attempts = await attemptsOf(deps.database.primary, incident.id);
  const interrupted = attempts.find(({ endedAt }) => endedAt === null);
  if (interrupted) return goOn(context, interrupted);
  return (await stopped(context, playbook, attempts)) ?? (await attempt(context, playbook, attempts.length + 1));
}

/** A process ended between the two writes: the action was done or it was not. It is not begun again; what is so now decides. */
async function goOn({ deps, incident }: Context, { number, playbook }: Attempt): Promise<Step> {
  await endAttempt(deps.database, { incidentId: incident.id, number }, "interrupted", []);
  deps.metrics.playbookRun({ playbook, outcome: "interrupted" });
  const message = `Try ${number} of ${playbook} was interrupted: what is so now decides.`;
  return { state: "verifying", changes: { progress: {}, now: ["mended_at"] }, events: [said("interrupted", message)] };
}

/** The guards that need nothing of the target; undefined where none stops it. */
async function stopped(context: Context, playbook: Playbook, attempts: readonly Attempt[]): Promise<Step | undefined> {
  const { deps, incident } = context;
  const { name, maxTries, cooldownSeconds } = playbook;
  if (attempts.length >= maxTries)
    return escalate(context, `${name} was tried ${attempts.length} times and did not help.`);
  const automation = await readAutomation(deps.database.primary);
  if (!automation.enabled) {
    const message = `All automation was switched off by ${automation.changedBy}: ${automation.reason}`;
    return { state: "review", changes: { progress: { reason: message } }, events: [said("guard", message)] };
  }
  const sight = await look(deps, incident);
  if ("blind" in sight) return blind(context, `it cannot be seen whether the alert is still so: ${sight.blind}`);
  if (!sight.firing) {
    const message = "The alert is no longer so: nothing is done.";
    return { state: "verifying", changes: { progress: {} }, events: [said("guard", message)] };
  }
  const last = await secondsSinceLast(deps.database.primary, name);
  if (last !== undefined && last < cooldownSeconds)
    return { state: "remediating", dueInSeconds: Math.ceil(cooldownSeconds - last) };
  return undefined;
}

/** Nothing is mended by a responder that cannot see: it waits a little, and then a person has to. */
function blind(context: Context, why: string): Step {
  const seen = (context.incident.progress.blind ?? 0) + 1;
  if (seen >= BLIND_STEPS) return escalate(context, `Nothing is done blindly: ${why}.`);
  const events = seen === 1 ? [said("guard", `Nothing is done yet: ${why}.`)] : [];
  return { state: "remediating", dueInSeconds: BLIND_SECONDS, changes: { progress: { blind: seen } }, events };
}

async function attempt(context: Context, playbook: Playbook, number: number): Promise<Step> {
  const { deps, incident, holder } = context;
  const { name, most, unit } = playbook;
  let targets: Target[];
  try {
    targets = await playbook.find(deps, incident);
  } catch (error) {
    if (error instanceof Refused) return escalate(context, `${name} refuses: ${error.message}.`);
    return blind(context, `${name} cannot look at what there is to act on: ${messageOf(error)}`);
  }
  if (targets.length === 0) return escalate(context, `${name} finds nothing that it may act on.`);
  if (targets.length > most)
    return escalate(context, `${name} would act on ${targets.length} ${unit}; it may act on ${most} at most.`);
  const list = targets.map(({ id }) => id).join(", ");
  if (deps.settings.automation === "dry-run") {
    deps.metrics.playbookRun({ playbook: name, outcome: "dry-run" });
    const message = `Dry run: ${name} would act on ${list}.`;
    return {
      state: "review",
      changes: { progress: { reason: message } },
      events: [said("dry-run", message, { targets })],
    };
  }
  const begun = said("attempt", `Try ${number} of ${name}: acts on ${list}.`, { targets });
  const intent = { incidentId: incident.id, holder, number, playbook: name, targets };
  // Switched off or moved by a person meanwhile: the next step sees it.
  if (!(await beginAttempt(deps.database, intent, begun))) return { state: "remediating", dueInSeconds: 1 };
  return act(context, playbook, number, targets);
}

async function act(
  { deps, incident }: Context,
  playbook: Playbook,
  number: number,
  targets: readonly Target[],
): Promise<Step> {
  const results: string[] = [];
  let outcome = "done";
  try {
    for (const target of targets) results.push(await playbook.act(deps, target));
    if (!(await holdsSoon(deps, playbook, targets))) outcome = "without effect";
  } catch (error) {
    outcome = "failed";
    results.push(messageOf(error));
  }
  await endAttempt(deps.database, { incidentId: incident.id, number }, outcome, results);
  deps.metrics.playbookRun({ playbook: playbook.name, outcome });
  const message = `Try ${number} of ${playbook.name} ended: ${outcome}. ${results.join("; ")}`;
  return {
    state: "verifying",
    changes: { progress: {}, now: ["mended_at"] },
    events: [said("attempted", message, { outcome })],
  };
}

/** An ended session takes a moment to go. */
async function holdsSoon(deps: Context["deps"], playbook: Playbook, targets: readonly Target[]): Promise<boolean> {
  for (let n = 0; n < 5; n++) {
    if (await playbook.holds(deps, targets)) return true;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  return false;
}
