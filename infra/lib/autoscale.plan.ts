import type { Pace } from "../config/autoscaling.ts";
import { isAutoscaled, podsOf } from "./kinds.ts";
import { object } from "./object.plan.ts";
import type { PlanContext } from "./pod.plan.ts";
import type { Manifest, ScalingFigure, WorkloadSpec } from "./workload.types.ts";

/**
 * The autoscaler of a workload that has one. By an amount of CPU, not by a share of what the pods ask for: that is low, so
 * that all fit on a small node, and says nothing about what a pod can do.
 */
export function autoscalersOf(spec: WorkloadSpec, ctx: PlanContext): Manifest[] {
  if (!isAutoscaled(spec)) return [];
  const { maxReplicas, cpuMilli, figures = [], pace } = spec.autoscale;
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
          ...figures.map((figure) => external(figure, spec.name)),
        ],
        behavior: { scaleUp: behaviour(pace.up), scaleDown: behaviour(pace.down) },
      },
    }),
  ];
}

/**
 * Of the workload as a whole, not pod by pod: the sum says how many pods are needed however many there are, so that pods
 * that only start make no difference to it.
 */
function external({ name, per, target }: ScalingFigure, workload: string) {
  const value = String(target);
  return {
    type: "External",
    external: {
      metric: { name, selector: { matchLabels: { workload } } },
      target: per === "pod" ? { type: "AverageValue", averageValue: value } : { type: "Value", value },
    },
  };
}

function behaviour({ settleSeconds, pods, everySeconds }: Pace) {
  return {
    stabilizationWindowSeconds: settleSeconds,
    policies: [{ type: "Pods", value: pods, periodSeconds: everySeconds }],
  };
}
