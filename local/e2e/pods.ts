import { eventually } from "@media/drills/eventually";
import { signalsTo } from "@media/drills/faults/pod-signalled";
import type { SendSignal } from "@media/drills/owner";
import { kubectl, type Stack } from "@media/drills/stack";
import { synchronousStandbys } from "@media/drills/verify/postgres";
import { owner } from "../stack/owner.ts";
import { layout } from "./commands.ts";

/** One field of an object, such as "pod/api-1" and "{.status.podIP}". */
export const fieldOf = (stack: Stack, object: string, path: string) =>
  kubectl(stack, ["get", object, "-o", `jsonpath=${path}`]);

/** Returns a function that sends a signal to every process of a pod. */
export const signals = (stack: Stack, pod: string): Promise<SendSignal> => signalsTo(stack, owner(layout()), pod);

/** Waits until the primary has a synchronous standby. */
export async function synchronous(stack: Stack): Promise<void> {
  await eventually("a synchronous standby", 120, async () => {
    if ((await synchronousStandbys(stack)) === 0) throw new Error("there is none");
  });
}
