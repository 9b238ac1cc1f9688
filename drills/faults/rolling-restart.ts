import { kubectl, type Stack } from "../lib/stack.ts";

const ROLLOUT_SECONDS = 120;

/**
 * Replaces the pods of workloads one after the other, and waits until all of them are ready.
 *
 * @param workloads such as `deployment/api`
 */
export async function rollingRestart(stack: Stack, workloads: readonly string[]): Promise<void> {
  await kubectl(stack, ["rollout", "restart", ...workloads]);
  for (const name of workloads) await kubectl(stack, ["rollout", "status", name, `--timeout=${ROLLOUT_SECONDS}s`]);
}
