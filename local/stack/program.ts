import { randomBytes } from "node:crypto";
import type { StackProgram } from "@media/drills/program";
import { bringBack, keepCopy, loseState } from "./copies/states.ts";
import { deploy, destroy } from "./deploy.ts";
import { outputs, type Stack } from "./pulumi.ts";

/** The Pulumi program of a stack of the embedded cluster, with the recovery of a run that was cut off. */
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
