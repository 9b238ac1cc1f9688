import { alertsOf } from "../../model/remedies.ts";
import type { Playbook } from "./playbook.ts";

/** Which Deployment an alert means. */
const DOWN: Readonly<Record<string, string>> = { ServiceDown: "api" };
/** What began longer ago ran well for a while: its cause is another. */
const RECENT_SECONDS = 15 * 60;

/**
 * Goes back to the pods of before where a rollout is the newest change. The stack's program still wants the new ones: the next
 * `pulumi up` brings them again, so that people have to mend or take back the change there.
 */
export const rollBackRollout: Playbook = {
  name: "roll-back-rollout",
  does: `Goes back to the pods that a Deployment had before its last rollout, where that began less than ${RECENT_SECONDS / 60} minutes ago.`,
  alerts: alertsOf("roll-back-rollout"),
  cooldownSeconds: 900,
  maxTries: 1,
  most: 1,
  unit: "Deployments",
  async find({ kubernetes }, { alert }) {
    const deployment = DOWN[alert];
    if (!deployment) return [];
    const { revision, sinceSeconds, previous } = await kubernetes.rolloutOf(deployment);
    if (!previous || sinceSeconds > RECENT_SECONDS) return [];
    const about = { revision, backTo: previous.revision, startedSecondsAgo: Math.round(sinceSeconds) };
    return [{ id: deployment, about }];
  },
  async act({ kubernetes }, { id, about }) {
    const { revision, previous } = await kubernetes.rolloutOf(id);
    if (revision !== about.revision || !previous)
      return `Deployment ${id} had another rollout by now: nothing was changed`;
    await kubernetes.setTemplate(id, previous.template);
    return `Deployment ${id} goes back from revision ${revision} to what was revision ${previous.revision}; the next pulumi up brings the change again`;
  },
  async holds({ kubernetes }, targets) {
    const rollouts = await Promise.all(
      targets.map(async ({ id, about }) => [await kubernetes.rolloutOf(id), about] as const),
    );
    return rollouts.every(([{ revision }, about]) => revision > Number(about.revision));
  },
};
