import { dataHandles } from "../data/handles.ts";
import type { DaemonSetSpec, WorkloadSpec } from "./workload.types.ts";

/**
 * What must not compile. tsc itself checks this file: a line under `@ts-expect-error` that compiles is an error. Nothing
 * imports it. Each value differs from one that compiles, at the top, in one thing.
 */
const base = { name: "worker", component: "app", image: "node", resources: { memoryMi: 100 } } as const;
const schedule = { cron: "* * * * *", deadlineSeconds: 40 };
const host = { logs: { type: "host", hostPath: "/var/log", path: "/logs" } } as const;

export const accepted: WorkloadSpec[] = [
  { ...base, replicas: 2, rollout: { settleSeconds: 5, recreate: true } },
  { ...base, kind: "StatefulSet", members: 3, podManagement: "OrderedReady", serviceName: "members" },
  { ...base, kind: "DaemonSet", nodeAgent: { hostNetwork: true }, volumes: host },
  { ...base, kind: "Job", drain: { graceSeconds: 5 } },
  { ...base, kind: "CronJob", schedule },
];

export const refused: WorkloadSpec[] = [
  // @ts-expect-error A Deployment has no schedule.
  { ...base, schedule },
  // @ts-expect-error A Deployment has replicas, not members.
  { ...base, members: 3 },
  // @ts-expect-error Only a StatefulSet's pods start in an order.
  { ...base, podManagement: "Parallel" },
  // @ts-expect-error Only a DaemonSet can be a node agent.
  { ...base, nodeAgent: {} },
  // @ts-expect-error Only a DaemonSet can mount folders of the node.
  { ...base, volumes: host },
  // @ts-expect-error A StatefulSet has members, not replicas.
  { ...base, kind: "StatefulSet", replicas: 3 },
  // @ts-expect-error A StatefulSet has no rollout.
  { ...base, kind: "StatefulSet", rollout: { recreate: true } },
  // @ts-expect-error A DaemonSet has as many pods as there are nodes.
  { ...base, kind: "DaemonSet", replicas: 3 },
  // @ts-expect-error A CronJob needs a schedule.
  { ...base, kind: "CronJob" },
  // @ts-expect-error A Job runs once.
  { ...base, kind: "Job", schedule },
  // @ts-expect-error Nothing probes the pods of a Job.
  { ...base, kind: "Job", probes: { readiness: { port: "http" } } },
  // @ts-expect-error The pods of a CronJob end before they could be scraped: they push.
  { ...base, kind: "CronJob", schedule, metrics: { port: "admin" } },
  // @ts-expect-error No Service leads to a Job: there is nothing to wait for before it stops.
  { ...base, kind: "Job", drain: { preStopSeconds: 5 } },
  // @ts-expect-error No such kind.
  { ...base, kind: "ReplicaSet" },
  // @ts-expect-error No such service.
  { ...base, connectsTo: ["pgbouncr:pgbouncer"] },
];

// @ts-expect-error A node agent is a DaemonSet.
export const agent: DaemonSetSpec = { ...base, nodeAgent: {} };

const data = dataHandles({
  login: { user: "", password: "" },
  passwords: { superuser: "", redisCache: "", redisState: "", responder: "" },
});
// @ts-expect-error A misspelt handle of another layer.
export const misspelt = data.pgbouncr;
