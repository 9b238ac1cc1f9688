import { judge } from "../policy/evaluate.ts";
import type { PolicyResource, Violation } from "../policy/types.ts";
import { changesOf } from "./changes.plan.ts";
import { type Cost, costOf } from "./cost.plan.ts";
import { type AlertChange, alertChanges, type BoardChange, boardChanges } from "./files.plan.ts";
import { linksOf } from "./links.plan.ts";
import type { WithConfig } from "./render-all.ts";
import type { Rendered, ResourceChange } from "./types.ts";

/** Everything that the comment says, as data (`--json`). */
export interface Report {
  /** "main at 1a2b3c4". */
  base: string;
  notes: string[];
  /** What stops the change; empty: it may be merged. */
  stops: Stop[];
  stacks: StackReport[];
  /** What differs in the policy pack itself: "+ exception from …". */
  pack: string[];
  /** Files with pictures of the dashboards that differ. */
  pictures: string[];
}

export interface Stop {
  /** "policy pod-not-privileged", "loss of state", "stack file", "not built". */
  what: string;
  stacks: string[];
  text: string;
}

export interface StackReport {
  stack: string;
  changes: ResourceChange[];
  violations: Violation[];
  cost: { before: Cost; after: Cost };
  links: { added: string[]; removed: string[] };
  alerts: AlertChange[];
  boards: BoardChange[];
  /** Violations that are new, and those that are gone, whatever their level. */
  policies: { broken: Violation[]; mended: Violation[] };
}

export interface Sources {
  base: string;
  notes: string[];
  before: WithConfig[];
  after: WithConfig[];
  /** @default nothing */
  pack?: string[];
  pictures?: string[];
}

/** From the renderings of both trees to what there is to say. */
export function reportOf({ base, notes, before, after, pack = [], pictures = [] }: Sources): Report {
  const stops: Stop[] = [...unbuilt(before, `the base (${base})`), ...unbuilt(after, "this branch")];
  for (const { stack, problems } of after)
    for (const text of problems) stops.push({ what: "stack file", stacks: [stack], text });
  const names = [...new Set([...after, ...before].map(({ stack }) => stack))];
  const stacks = names.flatMap((stack) => {
    const [old, now] = [find(before, stack), find(after, stack)];
    // Half a comparison would read like a whole one.
    if ((old && "problem" in old) || (now && "problem" in now)) return [];
    return [reportOfStack(stack, rendered(old), rendered(now), now?.confirmed ?? [])];
  });
  for (const { stack, changes, violations } of stacks) {
    for (const change of changes) if (change.stateful && !change.confirmed) stops.push(lossOf(stack, change));
    for (const violation of violations) if (violation.level === "mandatory") stops.push(stopOf(stack, violation));
  }
  const idle = stacks.flatMap(({ stack, changes }) => idleConfirmations(stack, changes, find(after, stack)));
  return { base, notes: [...notes, ...idle], stops: together(stops), stacks, pack, pictures };
}

const find = (renderings: WithConfig[], wanted: string) => renderings.find(({ stack }) => stack === wanted);
const rendered = (rendering: WithConfig | undefined): Rendered[] =>
  rendering && "resources" in rendering ? rendering.resources : [];

function unbuilt(renderings: WithConfig[], whose: string): Stop[] {
  return renderings.flatMap((rendering) =>
    "problem" in rendering ? [{ what: `not built: ${whose}`, stacks: [rendering.stack], text: rendering.problem }] : [],
  );
}

function reportOfStack(stack: string, before: Rendered[], after: Rendered[], confirmed: string[]): StackReport {
  const changes = changesOf(stack, before, after).map((change) =>
    change.stateful ? { ...change, confirmed: confirmed.includes(change.id) } : change,
  );
  const [olds, news] = [linksOf(before), linksOf(after)];
  const [violated, violations] = [judge(before.map(forPolicies)), judge(after.map(forPolicies))];
  return {
    stack,
    changes,
    violations,
    cost: { before: costOf(before), after: costOf(after) },
    links: { added: news.filter((link) => !olds.includes(link)), removed: olds.filter((link) => !news.includes(link)) },
    alerts: alertChanges(before, after),
    boards: boardChanges(before, after),
    policies: { broken: without(violations, violated), mended: without(violated, violations) },
  };
}

/** The violations of a list that another one has not. */
function without(list: Violation[], other: Violation[]): Violation[] {
  const keyOf = ({ policy, resource, where, problem }: Violation) => `${policy} ${resource} ${where} ${problem}`;
  const known = new Set(other.map(keyOf));
  return list.filter((violation) => !known.has(keyOf(violation)));
}

export const forPolicies = ({ type, name, inputs, protect, secretPaths }: Rendered): PolicyResource => ({
  type,
  name,
  object: inputs as unknown as PolicyResource["object"],
  protect,
  secretPaths,
});

function lossOf(stack: string, { id, title, action, stateful, properties }: ResourceChange): Stop {
  const forcing = properties.filter(({ replaces }) => replaces).map(({ path }) => `\`${path}\``);
  const verb = {
    create: "is made",
    delete: "is deleted",
    replace: `is made anew, because ${forcing.join(", ")} cannot be changed in place`,
    update: "changes",
  }[action];
  const text = [
    `${title} ${verb}: ${stateful}.`,
    `Write instead: leave ${forcing.length > 0 ? forcing.join(", ") : "it"} as before;`,
    `or, when it is meant, add "${id}" to \`media-platform:confirmReplacements\` in the stack's file.`,
  ].join(" ");
  return { what: "loss of state", stacks: [stack], text };
}

function stopOf(stack: string, { policy, resource, where, problem, instead }: Violation): Stop {
  const text = `${resource}: \`${where}\` ${problem}. Write instead: ${instead}.`;
  return { what: `policy ${policy}`, stacks: [stack], text };
}

/** A confirmation that stays behind would let a later loss pass unseen. */
function idleConfirmations(stack: string, changes: ResourceChange[], after: WithConfig | undefined): string[] {
  const used = changes.filter(({ stateful }) => stateful).map(({ id }) => id);
  return (after?.confirmed ?? [])
    .filter((id) => !used.includes(id))
    .map(
      (id) =>
        `Pulumi.${stack}.yaml confirms "${id}", which is neither replaced nor deleted: remove it from confirmReplacements.`,
    );
}

/** What is said of several stacks is said once. */
function together(stops: Stop[]): Stop[] {
  const merged = new Map<string, Stop>();
  for (const { what, stacks, text } of stops) {
    const key = `${what} ${text}`;
    merged.set(key, { what, text, stacks: [...(merged.get(key)?.stacks ?? []), ...stacks] });
  }
  return [...merged.values()];
}
