import { noteLateEffect } from "../data/repositories/incident-attempts.ts";
import { pageKeysOf } from "../data/repositories/incident-pages.ts";
import { attemptsOf, eventsOf } from "../data/repositories/incidents.ts";
import type { IncidentState, Progress } from "../model/incidents.ts";
import { endEscalation, levelAt, tellEscalation } from "./escalation.ts";
import { investigate, readAgain } from "./investigation.ts";
import { playbookFor } from "./playbooks/index.ts";
import type { Playbook } from "./playbooks/playbook.ts";
import { writePostMortem } from "./post-mortem.ts";
import { remediate } from "./remediation.ts";
import { type Context, escalate, type Perform, type Step, said } from "./step.ts";
import { look, quietNeeded } from "./verification.ts";

/** Between two looks whether the alert is over. */
const LOOK_SECONDS = 3;
/** While a person has it: between two looks. */
const WAIT_SECONDS = 10;
/** Between two times that Alertmanager is told of an escalation: less than it remembers. */
const TELL_MS = 60_000;

/** What is done in each state. A step may be begun again by another process: all that it leaves is what it returns. */
export const STEPS: Readonly<Record<IncidentState, Perform>> = {
  open: async () => ({ state: "investigating" }),
  investigating: async (context) => {
    const { deps, incident, playbooks } = context;
    const investigation = await investigate(deps, incident);
    const asked = [
      `${investigation.metrics.length} metrics`,
      `${investigation.logs.length} log lines`,
      investigation.trace ? "a trace" : "no trace",
    ];
    const missing = investigation.missing.length > 0 ? ` Missing: ${investigation.missing.join("; ")}.` : "";
    const found = said("investigated", `Investigated: ${asked.join(", ")}.${missing}`);
    const changes = { investigation, now: ["investigated_at"] as const };
    const playbook = playbookFor(incident, playbooks);
    if (playbook)
      return {
        state: "remediating",
        changes,
        events: [found, said("playbook", `The playbook is ${playbook.name}: ${playbook.does}`)],
      };
    if (incident.severity === "critical") {
      const step = escalate(context, "There is no playbook for a critical alert.");
      return {
        ...step,
        changes: { ...step.changes, investigation, now: ["investigated_at", "escalated_at"] },
        events: [found, ...(step.events ?? [])],
      };
    }
    const reason = `There is no playbook for ${incident.alert}: a person has to look.`;
    return { state: "review", changes: { ...changes, progress: { reason } }, events: [found, said("review", reason)] };
  },
  remediating: remediate,
  verifying: async (context) => {
    const { deps, incident } = context;
    const seen = await watch(context, playbookFor(incident, context.playbooks));
    if (seen.over) return seen.over;
    const { deadline = new Date(deps.now().getTime() + seen.patienceSeconds * 1_000).toISOString() } =
      incident.progress;
    if (deps.now() < new Date(deadline) || seen.progress.quietSince)
      return { state: "verifying", dueInSeconds: LOOK_SECONDS, changes: { progress: { ...seen.progress, deadline } } };
    const playbook = playbookFor(incident, context.playbooks);
    if (!playbook) return escalate(context, "The alert did not end in time.");
    const message = "The alert is still so: the remedy did not help.";
    return { state: "remediating", changes: { progress: {} }, events: [said("not-mended", message)] };
  },
  review: async (context) => {
    const { deps, incident } = context;
    const seen = await watch(context);
    if (seen.over) return seen.over;
    const waited = deps.now().getTime() - (incident.investigatedAt ?? incident.openedAt).getTime();
    if (waited > deps.settings.reviewMinutes * 60_000)
      return escalate(context, `No person came within ${deps.settings.reviewMinutes} minutes.`);
    return { state: "review", dueInSeconds: soon(seen), changes: { progress: seen.progress } };
  },
  escalated: async (context) => {
    const { deps, incident } = context;
    const seen = await watch(context);
    if (seen.over) return seen.over;
    // By PagerDuty or Slack, while a playbook was at work.
    if (incident.acknowledgedAt) return { state: "acknowledged", changes: { progress: seen.progress } };
    const since = deps.now().getTime() - (incident.escalatedAt ?? deps.now()).getTime();
    const level = levelAt(deps.settings.escalationMinutes, since);
    const risen = level > incident.escalationLevel;
    const told = await tellAgain(context, { ...incident, escalationLevel: level }, risen);
    const events = risen ? [said("escalated", `No person has acknowledged it: level ${level} is told.`)] : [];
    return {
      state: "escalated",
      dueInSeconds: soon(seen),
      changes: { progress: { ...seen.progress, ...told }, escalationLevel: level },
      events,
    };
  },
  acknowledged: async (context) => {
    const seen = await watch(context);
    if (seen.over) return seen.over;
    const told = context.incident.escalatedAt ? await tellAgain(context, context.incident, false) : {};
    const pager = await tellPager(context);
    return {
      state: "acknowledged",
      dueInSeconds: soon(seen),
      changes: { progress: { ...seen.progress, ...told, ...pager } },
    };
  },
  resolved: close,
  closed: async () => ({ state: "closed" }),
};

/** What has just become quiet is looked at more often. */
const soon = ({ progress }: { progress: Progress }) => (progress.quietSince ? LOOK_SECONDS : WAIT_SECONDS);

/**
 * Whether the alert is over for as long as it must be: then the step is done. Else what to remember of the look.
 *
 * @param mendedBy the playbook that was at work. @default none: a person is, or nobody
 */
async function watch(
  context: Context,
  mendedBy?: Playbook,
): Promise<{ over?: Step; progress: Progress; patienceSeconds: number }> {
  const { deps, incident } = context;
  const { quietSince: _, ...rest } = incident.progress;
  const sight = await look(deps, incident);
  if ("blind" in sight) return { progress: rest, patienceSeconds: 60 };
  const { firing, quietSeconds, patienceSeconds } = sight;
  if (firing) return { progress: rest, patienceSeconds };
  const { quietSince = deps.now().toISOString() } = incident.progress;
  const quietFor = (deps.now().getTime() - new Date(quietSince).getTime()) / 1_000;
  if (quietFor < quietNeeded(quietSeconds, mendedBy)) return { progress: { ...rest, quietSince }, patienceSeconds };
  const message = `The alert's own expression has been false for ${Math.round(quietFor)} s.`;
  const over: Step = { state: "resolved", changes: { now: ["resolved_at"] }, events: [said("resolved", message)] };
  return { over, progress: rest, patienceSeconds };
}

async function tellAgain({ deps }: Context, incident: Context["incident"], at_once: boolean): Promise<Progress> {
  const { toldAt } = incident.progress;
  if (!at_once && toldAt && deps.now().getTime() - new Date(toldAt).getTime() < TELL_MS) return {};
  await tellEscalation(deps, incident);
  return { toldAt: deps.now().toISOString() };
}

/**
 * PagerDuty asks no further person once it knows. From there it needs no word; where it does not answer, the next look tells it.
 */
async function tellPager({ deps, incident }: Context): Promise<Progress> {
  const { pagerDuty, database, log } = deps;
  const { acknowledgedBy, progress } = incident;
  if (!pagerDuty || progress.pagerTold || acknowledgedBy?.startsWith("pagerduty:")) return {};
  try {
    for (const key of await pageKeysOf(database.primary, incident.id)) await pagerDuty.acknowledge(key);
    return { pagerTold: true };
  } catch (error) {
    log.warn({ err: error, incident: incident.id }, "PagerDuty was not told of an acknowledgement");
    return {};
  }
}

/** A standby takes minutes to be made anew; a try waits seconds for its effect. The end is the time to look once more. */
async function lookForLateEffect({ deps, incident, playbooks }: Omit<Context, "holder">): Promise<void> {
  const last = (await attemptsOf(deps.database.primary, incident.id)).at(-1);
  const playbook = playbooks.find(({ name }) => name === last?.playbook);
  if (last?.outcome !== "without effect" || !playbook) return;
  if (!(await playbook.holds(deps, last.targets).catch(() => false))) return;
  const message = `Try ${last.number} of ${last.playbook} had its effect after its own time.`;
  const which = { incidentId: incident.id, number: last.number };
  await noteLateEffect(deps.database, which, said("attempted", message));
}

/** Takes back what was only for its time, ends the page, writes the post-mortem. */
async function close({ deps, incident, playbooks }: Context): Promise<Step> {
  await lookForLateEffect({ deps, incident, playbooks });
  const attempts = await attemptsOf(deps.database.primary, incident.id);
  const undone: string[] = [];
  for (const { playbook: name, targets, outcome } of attempts.toReversed()) {
    const undo = playbooks.find((playbook) => playbook.name === name)?.undo;
    if (undo && outcome !== "failed") for (const target of targets) undone.push(await undo(deps, target));
  }
  // Alertmanager lets the page end by itself when it is not told again.
  await endEscalation(deps, incident).catch((error) =>
    deps.log.warn({ err: error }, "the end of an escalation was not told"),
  );
  const { investigation: found } = incident;
  const metrics = found && (await readAgain(deps, found.metrics).catch(() => found.metrics));
  const investigation = found && metrics && { ...found, metrics };
  const events = await eventsOf(deps.database.primary, incident.id);
  const closedAt = deps.now();
  const whole = { ...incident, investigation, closedAt };
  const postMortem = await writePostMortem(deps, whole, events, attempts, undone);
  deps.observeClosed(whole, attempts);
  return {
    state: "closed",
    changes: { postMortem, ...(investigation && { investigation }), now: ["closed_at"] },
    events: [
      ...undone.map((line) => said("undone", line)),
      said("closed", "The incident is closed; its post-mortem is written."),
    ],
  };
}
