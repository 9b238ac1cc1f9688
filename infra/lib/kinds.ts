import type {
  Autoscale,
  ContainerSpec,
  CronJobSpec,
  DeploymentSpec,
  JobSpec,
  NodeAccess,
  WorkloadSpec,
} from "./workload.types.ts";

/** Whether its pods end by themselves: no Service leads to them, so they need no spread over nodes and no wait before they stop. */
export function isTask(spec: WorkloadSpec): spec is JobSpec | CronJobSpec {
  return spec.kind === "Job" || spec.kind === "CronJob";
}

/** What its pods may see of their node: nothing, but for node agents. */
export function nodeAgentOf(spec: WorkloadSpec): NodeAccess | undefined {
  return spec.kind === "DaemonSet" ? spec.nodeAgent : undefined;
}

/** Whether it lives in the namespace of node agents. */
export function isNodeAgent(spec: WorkloadSpec): boolean {
  return nodeAgentOf(spec) !== undefined;
}

export function metricsOf(spec: WorkloadSpec) {
  return isTask(spec) ? undefined : spec.metrics;
}

export function sidecarsOf(spec: WorkloadSpec): Record<string, ContainerSpec> {
  return isTask(spec) ? {} : (spec.sidecars ?? {});
}

/** How many pods the spec asks for. The nodes of a DaemonSet and the runs of a CronJob are not counted. */
export function podsOf(spec: WorkloadSpec): number {
  if (spec.kind === "StatefulSet") return spec.members ?? 1;
  return spec.kind === undefined || spec.kind === "Deployment" ? (spec.replicas ?? 1) : 1;
}

/** Whether an autoscaler chooses the number of its pods. */
export function isAutoscaled(spec: WorkloadSpec): spec is DeploymentSpec & { autoscale: Autoscale } {
  return (spec.kind === undefined || spec.kind === "Deployment") && spec.autoscale !== undefined;
}

/**
 * Fields of a controller that an update leaves as they are (the engine's `ignoreChanges`).
 *
 * Of a StatefulSet with claims, the size in their template: the API server refuses to change it, and the claims of the members,
 * which the stack declares, grow by themselves. Of a Deployment with an autoscaler, the number of pods: an update that applied
 * one would undo the autoscaler's, and one that left it out would have the API server set 1 while no one else owns the field.
 */
export function leftAlone(spec: WorkloadSpec): string[] {
  if (isAutoscaled(spec)) return ["spec.replicas"];
  const claims = Object.values(spec.volumes ?? {}).filter(({ type }) => type === "claim");
  return spec.kind === "StatefulSet" && claims.length > 0
    ? ["spec.volumeClaimTemplates[*].spec.resources.requests.storage"]
    : [];
}
