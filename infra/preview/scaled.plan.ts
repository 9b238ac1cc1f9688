import type { Rendered } from "./types.ts";

interface Scaler {
  kind?: string;
  spec?: { scaleTargetRef: { name: string }; minReplicas?: number };
}

/** Fewest pods of the Deployments that have an autoscaler, by name. */
export function fewestPods(resources: readonly Rendered[]): ReadonlyMap<string, number> {
  const scalers = resources.map(({ inputs }) => inputs as Scaler);
  return new Map(
    scalers.flatMap(({ kind, spec }) =>
      kind === "HorizontalPodAutoscaler" && spec ? [[spec.scaleTargetRef.name, spec.minReplicas ?? 1] as const] : [],
    ),
  );
}
