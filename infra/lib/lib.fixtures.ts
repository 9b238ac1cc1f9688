import type { PlanContext } from "./pod.plan.ts";
import type { WorkloadSpec } from "./workload.spec.ts";

/** What plans are tested with. */
export const planContext: PlanContext = {
  stack: "dev",
  namespace: "media-dev",
  accessType: "NodePort",
  protect: false,
  image: (image) => (typeof image === "string" ? { reference: `registry/${image}@sha256:1`, version: "1.0" } : image),
};

/** The shortest possible workload. */
export const tiny: WorkloadSpec = { name: "worker", component: "app", image: "node", resources: { memoryMi: 100 } };
