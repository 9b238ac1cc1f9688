import type { DrillContext } from "../drill.ts";
import { UserError } from "../lib/errors.ts";
import type { ClusterOwner, SendSignal } from "../lib/owner.ts";
import { kubectl, type Stack } from "../lib/stack.ts";

/**
 * Returns a function that sends a signal to every process of a pod: SIGKILL to end it, SIGSTOP to freeze it and SIGCONT
 * to let it go on. Only the owner of the node can do this.
 *
 * @param pod as `pod/NAME`
 */
export async function signalsTo(stack: Stack, owner: ClusterOwner, pod: string): Promise<SendSignal> {
  return owner.processesOf(await uidOf(stack, pod));
}

/** The uid of a pod (`pod/NAME`), by which the owner of its node knows it. */
export const uidOf = (stack: Stack, pod: string): Promise<string> =>
  kubectl(stack, ["get", pod, "-o", "jsonpath={.metadata.uid}"]);

/** The owner of the nodes. @throws UserError where only a kubeconfig is at hand; `doing`: what needs the owner */
export function ownerFor(doing: string, { owner }: Pick<DrillContext, "owner">): ClusterOwner {
  if (owner) return owner;
  throw new UserError(`${doing} needs the node's owner`, "run it on the embedded cluster, by make drill");
}

/** Freezes every process of a pod; what it returns lets them go on. */
export async function frozen(context: DrillContext, pod: string): Promise<() => Promise<void>> {
  const send = await signalsTo(context.stack, ownerFor("freezing a pod's processes", context), pod);
  send("SIGSTOP");
  // Once Kubernetes has ended the pod there is nothing left to be sent a signal.
  return async () => send("SIGCONT");
}
