import type { Changes, NewEvent } from "../data/repositories/incidents.ts";
import type { Incident, IncidentState } from "../model/incidents.ts";
import type { Deps } from "./deps.ts";
import type { Playbook } from "./playbooks/playbook.ts";

/** What comes of one step of an incident. */
export interface Step {
  state: IncidentState;
  /** @default 0 */
  dueInSeconds?: number;
  changes?: Changes;
  events?: readonly NewEvent[];
}

/** What a step works with: the incident as it was claimed, and under which lease. */
export interface Context {
  deps: Deps;
  incident: Incident;
  holder: string;
  playbooks: readonly Playbook[];
}

export type Perform = (context: Context) => Promise<Step>;

/** The responder's own line in the audit. */
export const said = (kind: string, message: string, data?: Record<string, unknown>): NewEvent => ({
  actor: "responder",
  kind,
  message,
  ...(data && { data }),
});

/** To a person, with the reason; from there the escalation's own steps go on. */
export function escalate({ incident }: Context, reason: string): Step {
  return {
    state: "escalated",
    changes: { progress: { reason }, escalationLevel: 1, now: ["escalated_at"] },
    events: [said("escalated", `${reason} The incident is escalated.`, { from: incident.state })],
  };
}
