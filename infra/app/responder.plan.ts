import type { DeploymentSpec, PolicyRule } from "../lib/workload.types.ts";
import { PROBES, processPlan, type ServiceArgs } from "./service.plan.ts";
import { SPOOL } from "./uses.plan.ts";

/** Claims of PostgreSQL's members, by the most members that a tier has. */
const CLAIMS = Array.from({ length: 5 }, (_, n) => `data-postgres-${n}`);

/**
 * What its playbooks do at the Kubernetes API, and nothing else: it may see pods and delete one, so that it is replaced, delete
 * the claim of a standby or have it grow, set the number of pods of the two Deployments that may be scaled out, and give the api back the pods
 * of its last rollout.
 */
const RULES: PolicyRule[] = [
  { apiGroups: [""], resources: ["pods"], verbs: ["delete", "get", "list"] },
  { apiGroups: [""], resources: ["persistentvolumeclaims"], resourceNames: CLAIMS, verbs: ["delete", "get", "patch"] },
  { apiGroups: ["apps"], resources: ["replicasets"], verbs: ["list"] },
  { apiGroups: ["apps"], resources: ["deployments"], resourceNames: ["api"], verbs: ["patch"] },
  {
    apiGroups: ["apps"],
    resources: ["deployments/scale"],
    resourceNames: ["api", "worker"],
    verbs: ["get", "patch"],
  },
  {
    apiGroups: ["autoscaling"],
    resources: ["horizontalpodautoscalers"],
    resourceNames: ["api", "worker"],
    verbs: ["get", "patch"],
  },
];

/** From an alert to the post-mortem. One pod, since its spool is one volume; each step of an incident outlives it. */
export function responderPlan(args: ServiceArgs): DeploymentSpec {
  const { memoryMi, spoolGi } = args.sizes.responder;
  const plan = processPlan("responder", args, memoryMi);
  return {
    ...plan,
    env: { ...plan.env, NAMESPACE: { field: "metadata.namespace" } },
    metrics: { port: "admin" },
    probes: PROBES,
    rollout: { recreate: true },
    // A step that has begun comes to its end.
    drain: { preStopSeconds: 0, graceSeconds: 45 },
    volumes: { spool: { type: "claim", path: SPOOL, sizeGi: spoolGi } },
    rbac: { namespace: RULES },
    resources: { cpuMilli: 10, memoryMi },
  };
}
