import { kubectl } from "../cluster/cluster.ts";
import { UserError } from "../lib/errors.ts";
import { eventually } from "../lib/eventually.ts";
import type { Stack } from "../stack/pulumi.ts";
import { namespaceOf } from "./postgres.ts";

const SECONDS = 300;

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
export async function settled(stack: Stack): Promise<void> {
  const namespace = namespaceOf(stack);
  await eventually(`every pod of stack ${stack.name} to be ready`, SECONDS, async () => {
    const { stdout } = await kubectl(stack.layout, ["-n", namespace, "get", "pods", "-o", "json"]);
    const left = unready((JSON.parse(stdout) as { items: PodState[] }).items);
    if (left.length > 0) throw new Error(left.join("; "));
  }).catch((error: Error) => {
    throw new UserError(error.message, `kubectl -n ${namespace} describe pod, or logs, of the one that is named`);
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
