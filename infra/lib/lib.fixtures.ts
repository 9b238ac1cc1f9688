import type { PlanContext } from "./pod.plan.ts";
import type { DeploymentSpec, WorkloadSpec } from "./workload.types.ts";

/** What plans are tested with. */
export const planContext: PlanContext = {
  stack: "dev",
  namespace: "media-dev",
  access: { type: "NodePort", direct: true },
  publicService: { annotations: {}, externalTrafficPolicy: "Local" },
  protect: false,
  image: (image) => (typeof image === "string" ? { reference: `registry/${image}@sha256:1`, version: "1.0" } : image),
};

/** The shortest possible workload. */
export const tiny: DeploymentSpec = { name: "worker", component: "app", image: "node", resources: { memoryMi: 100 } };

/** Changes to it: those of one kind, which its `kind` names. */
export type Changes<S = WorkloadSpec> = S extends WorkloadSpec ? Partial<S> : never;

export function changed(changes: Changes): WorkloadSpec {
  return { ...tiny, ...changes } as WorkloadSpec;
}
