import { type Stack as DrillStack, namespaceOf } from "@media/drills/stack";
import { KUBECONFIG_CONTEXT } from "../cluster/files.ts";
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
