import { randomBytes } from "node:crypto";
import type { StackProgram } from "@media/drills/program";
import { type Stack as DrillStack, namespaceOf } from "@media/drills/stack";
import { KUBECONFIG_CONTEXT } from "../cluster/files.ts";
import { bringBack, keepCopy, loseState } from "./copies/states.ts";
import { deploy, destroy } from "./deploy.ts";
import { outputs, type Stack } from "./pulumi.ts";

/** A stack of the embedded cluster as drills and checks reach it. */
export function access(stack: Stack): DrillStack {
  const { layout, name } = stack;
  return {
    name,
    namespace: namespaceOf(name),
    kubeconfig: { file: layout.kubeconfig, context: KUBECONFIG_CONTEXT(layout) },
    outputs: () => outputs(stack),
  };
}

/** Its Pulumi program, with the recovery of a run that was cut off. */
export function program(stack: Stack): StackProgram {
  return {
    up: () => deploy(stack),
    destroy: () => destroy(stack),
    outputs: () => outputs(stack),
    copies: {
      keep: () => keepCopy(stack),
      lose: () => loseState(stack),
      bringBack: async (key) => void (await bringBack(stack, key ? { key: randomBytes(32) } : {})),
    },
  };
}
