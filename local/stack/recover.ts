import { kubectl } from "../cluster/cluster.ts";
import { UserError } from "../lib/errors.ts";
import { endOrphans, unlock } from "./locks.ts";
import { hasResources, idOf, objectOf, type PendingOperation, settle } from "./pending.ts";
import { ensureStack, pulumi, pulumiWithConfig, type Stack } from "./pulumi.ts";

/**
 * Makes the stack ready for the engine: makes it if it is not there. After a kill it removes the lock of a process that is
 * gone, and settles what that process had begun.
 *
 * @returns whether the stack has anything
 */
export async function recover(stack: Stack, report: (line: string) => void): Promise<boolean> {
  await unlock(stack, report);
  await endOrphans(stack);
  const state = await ensureStack(stack);
  const pending = state.deployment?.pending_operations ?? [];
  if (pending.length === 0) return hasResources(state);
  report(`stack ${stack.name}: ${pending.length} operations were cut off; asking the cluster what became of them`);
  const arrived = new Map((await Promise.all(pending.map((operation) => arrivedAs(stack, operation)))).flat());
  report(`stack ${stack.name}: ${arrived.size} objects of them are on the cluster and are taken into the state`);
  const settled = JSON.stringify(settle(state, arrived));
  check(await pulumi(stack, ["stack", "import"], { show: false, input: settled }), stack, "import of the mended state");
  check(await pulumiWithConfig(stack, "refresh", ["--yes", "--skip-preview"], { show: false }), stack, "refresh");
  return true;
}

/** The URN and id of a create whose object is on the cluster; nothing otherwise. */
async function arrivedAs(stack: Stack, operation: PendingOperation): Promise<[string, string][]> {
  const object = objectOf(operation);
  if (!object) return [];
  const where = object.namespace ? ["-n", object.namespace] : [];
  const get = ["get", object.kind, object.name, ...where, "--ignore-not-found", "-o", "name"];
  const { stdout } = await kubectl(stack.layout, get);
  return stdout ? [[operation.resource.urn, idOf(object)]] : [];
}

function check(
  result: { exitCode?: number | undefined; stdout: unknown; stderr: unknown },
  stack: Stack,
  what: string,
): void {
  if (result.exitCode === 0) return;
  const problem = `stack ${stack.name} was cut off, and its recovery failed at the ${what}`;
  throw new UserError(`${problem}:\n${result.stdout}\n${result.stderr}`, "mend what it says, then make up again");
}
