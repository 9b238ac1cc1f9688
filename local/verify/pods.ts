import { kubectl } from "../cluster/cluster.ts";
import { eventually } from "../lib/eventually.ts";
import type { Stack } from "../stack/pulumi.ts";
import { namespaceOf } from "./postgres.ts";

/** The part of a pod that tells whether it is ready. */
export interface PodState {
  readonly metadata: { readonly name: string };
  readonly status: {
    readonly phase?: string;
    readonly conditions?: readonly { readonly type: string; readonly status: string; readonly message?: string }[];
  };
}

/**
 * Waits until every pod of the stack is ready, those of jobs that have ended aside. After a power cut the engine finds all
 * objects as it left them, while their processes still start, all at once.
 */
export function settled(stack: Stack, seconds = 300): Promise<void> {
  return eventually(`every pod of stack ${stack.name} to be ready`, seconds, async () => {
    const { stdout } = await kubectl(stack.layout, ["-n", namespaceOf(stack), "get", "pods", "-o", "json"]);
    const left = unready((JSON.parse(stdout) as { items: PodState[] }).items);
    if (left.length > 0) throw new Error(left.join("; "));
  });
}

/** One line for each pod that is not ready, with the reason as the cluster gives it. */
export function unready(pods: readonly PodState[]): string[] {
  return pods
    .filter(({ status }) => !["Succeeded", "Failed"].includes(status.phase ?? ""))
    .flatMap(({ metadata, status }) => {
      const conditions = status.conditions ?? [];
      if (conditions.some(({ type, status }) => type === "Ready" && status === "True")) return [];
      const why = conditions.find(({ status, message }) => status === "False" && message);
      return [`${metadata.name} is ${why?.message ?? status.phase ?? "new"}`];
    });
}
