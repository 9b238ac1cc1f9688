import { expect } from "@jest/globals";
import { kubectl } from "../cluster/cluster.ts";
import { cgroupOf, family } from "../cluster/processes.ts";
import { eventually } from "../lib/eventually.ts";
import type { Stack } from "../stack/pulumi.ts";
import { namespaceOf, sql } from "../verify/postgres.ts";
import { clusterProcesses } from "./commands.ts";

export const inStack = (stack: Stack, ...args: string[]) => kubectl(stack.layout, ["-n", namespaceOf(stack), ...args]);

/** What the cluster says of one field of an object, such as "pod/api-1" and "{.status.podIP}". */
export const fieldOf = async (stack: Stack, object: string, path: string) =>
  (await inStack(stack, "get", object, "-o", `jsonpath=${path}`)).stdout;

/** Answers how to send a signal to every process of a pod, as only its host can. */
export async function signals(stack: Stack, pod: string): Promise<(signal: NodeJS.Signals) => void> {
  const uid = await fieldOf(stack, pod, "{.metadata.uid}");
  const pids = family([clusterProcesses().init as number]).filter((pid) => cgroupOf(pid).includes(`pod${uid}`));
  expect(pids.length).toBeGreaterThan(1);
  return (signal) => {
    for (const pid of pids) {
      // A process that the kubelet has ended meanwhile needs no signal.
      if (cgroupOf(pid).includes(`pod${uid}`)) process.kill(pid, signal);
    }
  };
}

/** Waits until the primary has a standby without which it does not acknowledge. */
export async function synchronous(stack: Stack): Promise<void> {
  await eventually("a synchronous standby", 120, async () => {
    const count = "select count(*) from pg_stat_replication where sync_state in ('sync', 'quorum')";
    expect(await sql(stack, "primary", count)).not.toBe("0");
  });
}
