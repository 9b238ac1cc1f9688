import type { DeploymentSpec, PolicyRule } from "../lib/workload.types.ts";

/** What is watched, by API group. No secrets and no config maps: their names alone tell too much. */
const WATCHED: Readonly<Record<string, readonly string[]>> = {
  "": ["namespaces", "nodes", "persistentvolumeclaims", "persistentvolumes", "pods", "services"],
  apps: ["daemonsets", "deployments", "replicasets", "statefulsets"],
  autoscaling: ["horizontalpodautoscalers"],
  batch: ["cronjobs", "jobs"],
  policy: ["poddisruptionbudgets"],
};

/** The state of the cluster's objects as metrics. */
export function kubeStateMetricsPlan(): DeploymentSpec {
  return {
    name: "kube-state-metrics",
    component: "cluster",
    image: "kube-state-metrics",
    args: ["--port=8080", "--telemetry-port=8081", `--resources=${Object.values(WATCHED).flat().sort().join(",")}`],
    connectsTo: ["kubernetes-api"],
    rbac: { cluster: Object.entries(WATCHED).map(watch) },
    metrics: { port: "metrics" },
    probes: {
      startup: { path: "/healthz", port: "metrics" },
      readiness: { path: "/healthz", port: "metrics" },
      liveness: { path: "/healthz", port: "metrics", failures: 6 },
    },
    resources: { cpuMilli: 10, memoryMi: 128 },
  };
}

function watch([group, resources]: [string, readonly string[]]): PolicyRule {
  return { apiGroups: [group], resources: [...resources], verbs: ["list", "watch"] };
}
