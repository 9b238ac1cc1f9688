import { UserError } from "../lib/errors.ts";
import { eventually } from "../lib/eventually.ts";
import { kubectl, type Stack } from "../lib/stack.ts";

const SECONDS = 300;

/** The part of a pod that says whether it is ready. */
export interface PodState {
  readonly metadata: { readonly name: string };
  readonly status: {
    readonly phase?: string;
    readonly conditions?: readonly { readonly type: string; readonly status: string; readonly message?: string }[];
  };
}

/**
 * Waits until every pod of the stack is ready, except those of finished jobs. After a power cut Pulumi finds all objects
 * unchanged while their processes still start, all at the same time.
 */
export async function podsReady(stack: Stack): Promise<void> {
  await eventually(`every pod of stack ${stack.name} to be ready`, SECONDS, async () => {
    const { items } = JSON.parse(await kubectl(stack, ["get", "pods", "-o", "json"])) as { items: PodState[] };
    const left = unready(items);
    if (left.length > 0) throw new Error(left.join("; "));
  }).catch((error: Error) => {
    throw new UserError(error.message, `kubectl -n ${stack.namespace} describe pod, or logs, of the pod that is named`);
  });
}

/** One line for each pod that is not ready, with the reason that the cluster gives. */
export function unready(pods: readonly PodState[]): string[] {
  return pods
    .filter(({ status }) => !["Succeeded", "Failed"].includes(status.phase ?? ""))
    .flatMap(({ metadata, status }) => {
      const conditions = status.conditions ?? [];
      if (conditions.some(({ type, status }) => type === "Ready" && status === "True")) return [];
      const failed = conditions.find(({ status, message }) => status === "False" && message);
      return [`${metadata.name} is ${failed?.message ?? status.phase ?? "new"}`];
    });
}
