import { labels } from "./naming.ts";
import type { PlanContext } from "./pod.plan.ts";
import type { Manifest, WorkloadSpec } from "./workload.types.ts";

/** An object with the labels of its workload. Without a name the provider finds one. */
export function object(
  spec: WorkloadSpec,
  ctx: PlanContext,
  apiVersion: string,
  kind: string,
  name: string | undefined,
  rest: Record<string, unknown>,
): Manifest {
  const common = labels(ctx.stack, spec.name, spec.component, ctx.image(spec.image).version);
  const metadata = { ...(name ? { name } : {}), namespace: ctx.namespace, labels: common };
  return { apiVersion, kind, metadata, ...rest };
}
