import { lookup } from "node:dns/promises";
import { type Kubeconfig, namespaceOf } from "@media/drills/stack";
import { UserError } from "../lib/errors.ts";
import { type Forward, forwardTo } from "../lib/forward.ts";
import type { StackOutputs } from "../lib/target.ts";
import { Objects } from "./objects.ts";
import { StoredRuns } from "./stored.ts";

type StoreOutputs = Pick<StackOutputs, "backupStore">;

/** Does something with the runs in the stack's backup store. @throws UserError where the store is away */
export const withStore = <T>(outputs: StoreOutputs, kubeconfig: Kubeconfig, work: (runs: StoredRuns) => Promise<T>) =>
  withObjects(outputs, kubeconfig, (objects) => work(new StoredRuns(objects)));

/**
 * Does something with the objects of the stack's backup store. An endpoint whose name only the cluster knows is reached by
 * `kubectl port-forward`.
 *
 * @throws UserError where the store is away
 */
export async function withObjects<T>(
  outputs: StoreOutputs,
  kubeconfig: Kubeconfig,
  work: (objects: Objects) => Promise<T>,
): Promise<T> {
  const { backupStore: access } = outputs;
  if (!access)
    throw new UserError("the stack's outputs name no backup store", "bring the stack up with this version: make up");
  const { hostname, port } = new URL(access.endpoint);
  let forward: Forward | undefined;
  try {
    if (!(await isKnown(hostname))) forward = await forwarded(hostname, Number(port || 443), kubeconfig);
    return await work(new Objects(access, forward?.port));
  } finally {
    forward?.child.kill();
  }
}

const isKnown = (hostname: string) =>
  lookup(hostname.replace(/^\[|\]$/g, "")).then(
    () => true,
    () => false,
  );

/** To `service.namespace` of the cluster, with or without `.svc`. */
function forwarded(hostname: string, port: number, kubeconfig: Kubeconfig): Promise<Forward> {
  const [service = "", namespace = namespaceOf("base")] = hostname.split(".");
  const stack = { name: namespace, namespace, kubeconfig, outputs: async () => undefined };
  return forwardTo(stack, `service/${service}`, port).catch((error: Error) => {
    throw new UserError(`${hostname}: ${error.message}`, "its name is one of the cluster: kubectl has to reach that");
  });
}
