import { SCALING_FIGURES } from "@media/dashboards/scaling";
import { PACES } from "../config/autoscaling.ts";
import type { Config } from "../config/schema.ts";
import type { Scaled } from "../config/tiers.ts";
import type { DeploymentSpec, ScalingFigure } from "../lib/workload.types.ts";

export interface AutoscaleArgs {
  app: Pick<Config["app"], "autoscale">;
  /** @default CPU alone counts */
  autoscaling?: Config["autoscaling"];
}

type Scalable = keyof typeof PACES;
type Sizes = Pick<Scaled, "cpuTargetMilli" | "maxReplicas" | "replicas"> &
  ({ requestsTarget: number } | { queueAgeTargetSeconds: number });

/** Lets the number of pods follow the load, where the stack does and where it may rise at all. */
export function autoscaled(
  workload: Scalable,
  sizes: Sizes,
  { app, autoscaling }: AutoscaleArgs,
): Pick<DeploymentSpec, "autoscale"> {
  const { replicas, maxReplicas, cpuTargetMilli } = sizes;
  if (!app.autoscale || maxReplicas <= replicas) return {};
  const figures = autoscaling?.adapter ? { figures: [figureOf(sizes)] } : {};
  return { autoscale: { maxReplicas, cpuMilli: cpuTargetMilli, ...figures, pace: PACES[workload] } };
}

function figureOf(sizes: Sizes): ScalingFigure {
  return "queueAgeTargetSeconds" in sizes
    ? { name: SCALING_FIGURES.queueAge, per: "workload", target: sizes.queueAgeTargetSeconds }
    : { name: SCALING_FIGURES.requests, per: "pod", target: sizes.requestsTarget };
}
