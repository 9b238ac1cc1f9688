import { alertsOf } from "../../model/remedies.ts";
import type { Pod } from "../sources/kubernetes.ts";
import type { Playbook } from "./playbook.ts";

const claimOf = (pod: string) => `data-${pod}`;

/**
 * A standby whose data is of no use: only where a primary is ready, and never the primary itself. The member that comes in its
 * place restores from the backup store and then streams.
 */
const cutOff = (pods: readonly Pod[], name: string | undefined) => {
  const members = pods.filter(({ workload, owner }) => workload === "postgres" && owner === "StatefulSet");
  if (!members.some(({ role, ready }) => role === "primary" && ready)) return [];
  return members.filter((member) => member.name === name && member.role === "replica");
};

export const rebuildStandby: Playbook = {
  name: "rebuild-standby",
  does: "Deletes the volume and the pod of a standby that receives nothing, so that it is made anew from the backup store; never of a primary, and never without one that is ready.",
  alerts: alertsOf("rebuild-standby"),
  cooldownSeconds: 600,
  maxTries: 1,
  most: 1,
  unit: "standbys",
  find: async ({ kubernetes }, { labels }) =>
    cutOff(await kubernetes.pods(), labels.pod).map(({ name, ready, sinceSeconds }) => ({
      id: name,
      about: { claim: claimOf(name), state: ready ? "ready" : "not ready", sinceSeconds: Math.round(sinceSeconds) },
    })),
  async act({ kubernetes }, { id }) {
    if (cutOff(await kubernetes.pods(), id).length === 0) return `${id} is no standby by now: nothing was deleted`;
    await kubernetes.deleteClaim(claimOf(id));
    await kubernetes.deletePod(id);
    return `${id} is made anew: its volume ${claimOf(id)} and its pod were deleted`;
  },
  holds: async ({ kubernetes }, targets) => {
    const pods = await kubernetes.pods();
    return targets.every(({ id }) => pods.some(({ name, ready, role }) => name === id && ready && role === "replica"));
  },
};
