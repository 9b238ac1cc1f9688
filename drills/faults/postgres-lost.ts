import { kubectl, type Stack } from "../lib/stack.ts";
import { postgresPods } from "../verify/postgres.ts";
import { killProcesses } from "./processes-killed.ts";

/**
 * Ends PostgreSQL on all members at the same time, as a power cut does: nothing is archived at the end. The members
 * and their StatefulSet are gone afterwards. Their volumes stay.
 */
export async function losePostgres(stack: Stack): Promise<void> {
  await kubectl(stack, ["delete", "statefulset", "postgres", "--cascade=orphan"]);
  const pods = await postgresPods(stack);
  await Promise.allSettled(pods.map((pod) => killProcesses(stack, pod, "postgres")));
  await kubectl(stack, ["delete", ...pods, "--grace-period=0", "--force"]);
}
