import { STACKS, type Stack } from "./fixtures.ts";
import { type Rendered, render } from "./render.ts";

/** A Kubernetes object of a rendered stack; loosely typed, because the tests look everywhere. */
export interface KubernetesObject {
  apiVersion: string;
  kind: string;
  metadata: {
    name?: string;
    namespace?: string;
    labels?: Record<string, string>;
    annotations?: Record<string, string>;
  };
  // biome-ignore lint/suspicious/noExplicitAny: the tests read arbitrary paths of manifests.
  [section: string]: any;
}

const known = new Map(await Promise.all(STACKS.map(async (stack) => [stack, await render(stack)] as const)));

/** The stack under mocks. */
export function rendered(stack: Stack): Rendered {
  return known.get(stack) as Rendered;
}

/** All Kubernetes objects of the stack. Those without a name of their own have one as the provider would give it. */
export function objects(stack: Stack): KubernetesObject[] {
  return rendered(stack)
    .resources.filter(({ type }) => type.startsWith("kubernetes:"))
    .map(({ inputs }) => inputs as unknown as KubernetesObject);
}

export function ofKind(stack: Stack, ...kinds: string[]): KubernetesObject[] {
  return objects(stack).filter((object) => kinds.includes(object.kind));
}

/** Kinds whose pods end by themselves. */
export const JOBS = ["Job", "CronJob"];

/** Everything that runs pods. */
export function controllers(stack: Stack): KubernetesObject[] {
  return ofKind(stack, "Deployment", "StatefulSet", "DaemonSet", ...JOBS);
}

/** The template of a controller's pods. */
export function templateOf({ spec }: KubernetesObject): KubernetesObject {
  return spec.jobTemplate?.spec.template ?? spec.template;
}

// biome-ignore lint/suspicious/noExplicitAny: pod specs are read at arbitrary paths.
export function podOf(controller: KubernetesObject): any {
  return templateOf(controller).spec;
}

// biome-ignore lint/suspicious/noExplicitAny: containers are read at arbitrary paths.
export function containersOf(controller: KubernetesObject): any[] {
  const pod = podOf(controller);
  return [...(pod.initContainers ?? []), ...pod.containers];
}

/** How many pods a controller has: `least` of them at once where nothing is asked, `most` under load, as its autoscaler says. */
export function podsOf(stack: Stack, { kind, metadata, spec }: KubernetesObject): { least: number; most: number } {
  const scaler = ofKind(stack, "HorizontalPodAutoscaler").find(
    (one) => one.spec.scaleTargetRef.kind === kind && one.spec.scaleTargetRef.name === metadata.name,
  );
  const least = spec.replicas ?? scaler?.spec.minReplicas ?? 1;
  return { least, most: scaler?.spec.maxReplicas ?? least };
}
