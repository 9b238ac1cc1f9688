import * as k8s from "@pulumi/kubernetes";
import type { Context } from "./context.ts";
import { LABEL, PART_OF } from "./naming.ts";

export type PodSecurity = "restricted" | "privileged";

/** The labels by which the API server enforces the pod security standard, and other stacks' policies know us. */
export function namespacePlan(name: string, stack: string, level: PodSecurity) {
  const modes = ["enforce", "audit", "warn"].map((mode) => [`pod-security.kubernetes.io/${mode}`, level]);
  const labels = { [LABEL.instance]: stack, [LABEL.partOf]: PART_OF, ...Object.fromEntries(modes) };
  return { metadata: { name, labels } };
}

export function createNamespace(name: string, level: PodSecurity, ctx: Context): k8s.core.v1.Namespace {
  const options = { provider: ctx.provider, protect: ctx.config.protect };
  return new k8s.core.v1.Namespace(name, namespacePlan(name, ctx.stack, level), options);
}
