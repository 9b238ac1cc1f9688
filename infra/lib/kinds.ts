import type { ContainerSpec, CronJobSpec, JobSpec, NodeAccess, WorkloadSpec } from "./workload.types.ts";

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

/**
 * What a StatefulSet leaves as it was: the API server refuses to change the template of its claims, and the claims of the
 * members, which the stack declares, grow by themselves. A template keeps the size with which it was made.
 */
export const SIZE_IN_TEMPLATE = "spec.volumeClaimTemplates[*].spec.resources.requests.storage";
