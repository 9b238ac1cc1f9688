import { kubectl, type Stack } from "../lib/stack.ts";

/**
 * Sends SIGKILL to every process of a container except process 1, which the kernel protects from signals of its own
 * namespace.
 *
 * @param pod as `pod/NAME`
 * @throws always where kubectl loses its own process in the container; callers that only want the effect ignore it
 */
export async function killProcesses(stack: Stack, pod: string, container: string): Promise<void> {
  await kubectl(stack, ["exec", pod, "-c", container, "--", "sh", "-c", "kill -9 -1"]);
}
