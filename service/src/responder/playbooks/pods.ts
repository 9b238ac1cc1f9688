import type { Incident } from "../../model/incidents.ts";
import { alertsOf } from "../../model/remedies.ts";
import type { Playbook } from "./playbook.ts";

/** Pods of these are replaced at once when they are deleted, and hold nothing that is lost with them. */
const REPLACEABLE = ["api", "worker", "gateway", "pgbouncer", "collector", "web"];
/** Not ready for less time than this, a pod may only be starting. */
const STUCK_SECONDS = 90;

export const restartStuckPod: Playbook = {
  name: "restart-stuck-pod",
  does: `Deletes one pod that has not been ready for ${STUCK_SECONDS} s, of a workload that replaces it at once: ${REPLACEABLE.join(", ")}.`,
  alerts: alertsOf("restart-stuck-pod"),
  cooldownSeconds: 120,
  maxTries: 2,
  most: 1,
  unit: "pods",
  find: async ({ kubernetes }, { labels }) =>
    (await kubernetes.pods())
      .filter(({ name }) => labels.pod === undefined || name === labels.pod)
      .filter(({ workload, owner }) => REPLACEABLE.includes(workload) && owner === "ReplicaSet")
      .filter(({ phase, ready, sinceSeconds }) => phase === "Running" && !ready && sinceSeconds > STUCK_SECONDS)
      .map(({ name, workload, restarts, sinceSeconds }) => ({
        id: name,
        about: { workload, restarts, notReadySeconds: Math.round(sinceSeconds) },
      })),
  async act({ kubernetes }, { id }) {
    await kubernetes.deletePod(id);
    return `pod ${id} was deleted`;
  },
  holds: async ({ kubernetes }, targets) =>
    !(await kubernetes.pods()).some(({ name }) => targets.some(({ id }) => id === name)),
};

/** Which Deployment an alert about load means. */
const LOADED: Readonly<Record<string, string>> = {
  ResponseTimeHigh: "api",
  ErrorRateHigh: "api",
  QueueDelayed: "worker",
};

export const scaleOut: Playbook = {
  name: "scale-out",
  does: "Adds one pod to the Deployment that is under load, within the tier's maximum, and takes it away when the incident is over.",
  alerts: alertsOf("scale-out"),
  cooldownSeconds: 60,
  maxTries: 2,
  most: 1,
  unit: "Deployments",
  async find({ kubernetes, settings }, { alert }: Incident) {
    const deployment = LOADED[alert];
    if (!deployment) return [];
    const { wanted } = await kubernetes.scale(deployment);
    const most = settings.scaleOutMost[deployment] ?? 0;
    return wanted < most ? [{ id: deployment, about: { from: wanted, to: wanted + 1, most } }] : [];
  },
  async act({ kubernetes }, { id, about }) {
    const { wanted } = await kubernetes.scale(id);
    if (wanted !== about.from) return `Deployment ${id} has ${wanted} replicas by now: nothing was changed`;
    await kubernetes.setReplicas(id, Number(about.to));
    return `Deployment ${id} goes from ${about.from} to ${about.to} replicas`;
  },
  async holds({ kubernetes }, targets) {
    const scales = await Promise.all(
      targets.map(async ({ id, about }) => [await kubernetes.scale(id), about] as const),
    );
    return scales.every(([{ wanted }, { to }]) => wanted >= Number(to));
  },
  async undo({ kubernetes }, { id, about }) {
    const { wanted } = await kubernetes.scale(id);
    // What another has changed meanwhile is not ours to take back.
    if (wanted !== about.to) return `Deployment ${id} has ${wanted} replicas by now: nothing was taken back`;
    await kubernetes.setReplicas(id, Number(about.from));
    return `Deployment ${id} goes back to ${about.from} replicas`;
  },
};
