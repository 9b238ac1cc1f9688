import { type Component, clusterWideName, LABEL, PART_OF } from "./naming.ts";

/** What is placed first, and evicted last, when nodes are full: what keeps data, then what all stacks share, then what serves users; then all the rest. */
const PRIORITIES = {
  data: { value: 1_000_000, description: "Keeps data: everything waits for it" },
  cluster: { value: 950_000, description: "Serves all stacks of the cluster" },
  app: { value: 900_000, description: "Serves users" },
} as const satisfies Partial<Record<Component, object>>;

export type Priority = keyof typeof PRIORITIES;

/** The priority of a component's pods, if it has one. */
export function priorityOf(component: Component): Priority | undefined {
  return component in PRIORITIES ? (component as Priority) : undefined;
}

export const priorityClassName = (stack: string, priority: Priority) => clusterWideName(stack, priority);

export function priorityClassPlan(stack: string, priority: Priority) {
  const name = priorityClassName(stack, priority);
  const labels = { [LABEL.instance]: stack, [LABEL.name]: priority, [LABEL.partOf]: PART_OF };
  return {
    apiVersion: "scheduling.k8s.io/v1",
    kind: "PriorityClass",
    metadata: { name, labels },
    ...PRIORITIES[priority],
    globalDefault: false,
  };
}
