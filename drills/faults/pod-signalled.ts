import type { ClusterOwner, SendSignal } from "../lib/owner.ts";
import { kubectl, type Stack } from "../lib/stack.ts";

/**
 * Returns a function that sends a signal to every process of a pod: SIGKILL to end it, SIGSTOP to freeze it and SIGCONT
 * to let it go on. Only the owner of the node can do this.
 *
 * @param pod as `pod/NAME`
 */
export async function signalsTo(stack: Stack, owner: ClusterOwner, pod: string): Promise<SendSignal> {
  return owner.processesOf(await kubectl(stack, ["get", pod, "-o", "jsonpath={.metadata.uid}"]));
}
