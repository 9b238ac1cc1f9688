/** Labels of every object of every stack; `media-platform` marks what is ours. */
export const PART_OF = "media-platform";
export const LABEL = {
  name: "app.kubernetes.io/name",
  instance: "app.kubernetes.io/instance",
  component: "app.kubernetes.io/component",
  partOf: "app.kubernetes.io/part-of",
  version: "app.kubernetes.io/version",
  namespace: "kubernetes.io/metadata.name",
} as const;

/** The part of the platform a workload belongs to. */
export type Component = "cluster" | "data" | "app" | "observability" | "recovery" | "loadtest";

/** One namespace per stack. */
export function namespaceOf(stack: string): string {
  return `media-${stack}`;
}

/** Agents that must read the node live apart, so that the stack's own namespace can enforce the restricted standard. */
export function nodeNamespaceOf(stack: string): string {
  return `media-${stack}-node`;
}

/** What selectors use: only what never changes during a workload's life. */
export function selectorLabels(stack: string, workload: string): Record<string, string> {
  return { [LABEL.instance]: stack, [LABEL.name]: workload };
}

/** Labels of objects whose labels cannot be changed later, so without the version. */
export function stableLabels(stack: string, workload: string, component: Component): Record<string, string> {
  return { ...selectorLabels(stack, workload), [LABEL.component]: component, [LABEL.partOf]: PART_OF };
}

/** Labels of everything else. `version` is that of the software in the image. */
export function labels(stack: string, workload: string, component: Component, version: string): Record<string, string> {
  return { ...stableLabels(stack, workload, component), [LABEL.version]: version };
}

/** Cluster-wide objects carry the stack's name, because several stacks may share a cluster. */
export function clusterWideName(stack: string, name: string): string {
  return `${namespaceOf(stack)}-${name}`;
}

/** A copy with sorted keys: what is listed in a fixed order never shows up as a change. */
export function sorted<T>(record: Readonly<Record<string, T>>): Record<string, T> {
  return Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)));
}
