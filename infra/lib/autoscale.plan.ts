import { podsOf } from "./kinds.ts";
import { object } from "./object.plan.ts";
import type { PlanContext } from "./pod.plan.ts";
import type { Manifest, WorkloadSpec } from "./workload.types.ts";

/** Pods go one by one, so that the others have room for what it served. */
const SETTLE_SECONDS = 120;

/**
 * The autoscaler of a workload that has one. By an amount of CPU, not by a share of what the pods ask for: that is low, so
 * that all fit on a small node, and says nothing about what a pod can do.
 */
export function autoscalersOf(spec: WorkloadSpec, ctx: PlanContext): Manifest[] {
  if ((spec.kind !== undefined && spec.kind !== "Deployment") || !spec.autoscale) return [];
  const { maxReplicas, cpuMilli, settleSeconds = SETTLE_SECONDS } = spec.autoscale;
  return [
    object(spec, ctx, "autoscaling/v2", "HorizontalPodAutoscaler", spec.name, {
      spec: {
        scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: spec.name },
        minReplicas: podsOf(spec),
        maxReplicas,
        metrics: [
          {
            type: "Resource",
            resource: { name: "cpu", target: { type: "AverageValue", averageValue: `${cpuMilli}m` } },
          },
        ],
        behavior: {
          // A rush is met at once, by two pods at a time.
          scaleUp: { stabilizationWindowSeconds: 0, policies: [{ type: "Pods", value: 2, periodSeconds: 15 }] },
          scaleDown: {
            stabilizationWindowSeconds: settleSeconds,
            policies: [{ type: "Pods", value: 1, periodSeconds: 30 }],
          },
        },
      },
    }),
  ];
}
