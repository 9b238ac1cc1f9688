import type { DrillContext } from "../drill.ts";
import { kubectl, type Stack } from "../lib/stack.ts";

/**
 * Deletes a pod and returns at once.
 *
 * @param pod as `pod/NAME`
 * @param graceSeconds time that its processes get to end. @default the pod's own; 0 deletes it by force
 */
export async function deletePod(stack: Stack, pod: string, graceSeconds?: number): Promise<void> {
  const grace = graceSeconds === undefined ? [] : [`--grace-period=${graceSeconds}`];
  const force = graceSeconds === 0 ? ["--force"] : [];
  await kubectl(stack, ["delete", pod, "--wait=false", ...grace, ...force]);
}

/** Deletes a pod by force. There is nothing to undo. */
export async function deletedByForce({ stack }: DrillContext, pod: string): Promise<undefined> {
  await deletePod(stack, pod, 0);
}
