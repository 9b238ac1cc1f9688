import { LABEL } from "../lib/naming.ts";
import type { Finding, Manifest, PolicyResource } from "./types.ts";

/** The pods of a controller, and where in its manifest their description stands. */
export interface Pod {
  path: string;
  metadata: NonNullable<Manifest["metadata"]>;
  // biome-ignore lint/suspicious/noExplicitAny: pod specs are read at arbitrary paths.
  spec: Record<string, any>;
}

export interface Container {
  path: string;
  name: string;
  /** Runs before the others and ends. */
  init: boolean;
  // biome-ignore lint/suspicious/noExplicitAny: containers are read at arbitrary paths.
  spec: Record<string, any>;
}

const WITH_TEMPLATE = ["Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController", "Job"];

/** The pods that the object describes; none where it describes no pods. */
export function podOf({ object }: PolicyResource): Pod | undefined {
  const { kind, metadata = {}, spec } = object;
  if (kind === "Pod") return { path: "spec", metadata, spec };
  const [path, template] =
    kind === "CronJob"
      ? ["spec.jobTemplate.spec.template", spec?.jobTemplate?.spec?.template]
      : ["spec.template", WITH_TEMPLATE.includes(kind) ? spec?.template : undefined];
  return template ? { path: `${path}.spec`, metadata: template.metadata ?? {}, spec: template.spec ?? {} } : undefined;
}

/** All containers of the pods, those that run first included. */
export function containersOf(resource: PolicyResource): Container[] {
  const pod = podOf(resource);
  if (!pod) return [];
  return ["initContainers", "containers", "ephemeralContainers"].flatMap((list) =>
    ((pod.spec[list] ?? []) as Container["spec"][]).map((spec) => ({
      path: `${pod.path}.${list}[${spec.name}]`,
      name: spec.name as string,
      init: list === "initContainers" && spec.restartPolicy !== "Always",
      spec,
    })),
  );
}

/** A finding per container for which `problem` answers with a text: [field below the container, what is wrong]. */
export function eachContainer(
  resource: PolicyResource,
  problem: (container: Container, pod: Pod) => readonly [string, string] | undefined | false,
): Finding[] {
  const pod = podOf(resource);
  if (!pod) return [];
  return containersOf(resource).flatMap((container) => {
    const found = problem(container, pod);
    return found ? [{ where: `${container.path}.${found[0]}`, problem: found[1] }] : [];
  });
}

/** "Deployment api": the name people know, without the hash that the provider adds. */
export function titleOf({ object, name, type }: PolicyResource): string {
  return `${object.kind ?? type.split(":").at(-1)} ${object.metadata?.name ?? name}`;
}

/** The workload that an object belongs to; exceptions are made for workloads. Namespaces are "namespace" and "namespace-node". */
export function workloadOf({ object, name }: PolicyResource): string {
  const { labels = {}, name: given = name } = object.metadata ?? {};
  if (object.kind === "Namespace") return `namespace${given.replace(`media-${labels[LABEL.instance]}`, "")}`;
  return labels[LABEL.name] ?? name;
}

export const isPart = (inner: Record<string, string>, outer: Record<string, string>): boolean =>
  Object.entries(inner).every(([key, value]) => outer[key] === value);

/** Whether its pods end by themselves. */
export const endsByItself = ({ object }: PolicyResource): boolean => ["Job", "CronJob"].includes(object.kind);

/**
 * How many pods a workload has at least: as many as its autoscaler says, else as it says. While an update is judged the
 * autoscaler may not have scaled yet, and the server has filled `replicas` in.
 */
export function podsAtLeast({ object }: PolicyResource, resources: readonly PolicyResource[]): number {
  const scaler = resources.find(
    (one) =>
      one.object.kind === "HorizontalPodAutoscaler" &&
      one.object.metadata?.namespace === object.metadata?.namespace &&
      one.object.spec.scaleTargetRef.kind === object.kind &&
      one.object.spec.scaleTargetRef.name === object.metadata?.name,
  );
  return (scaler ? scaler.object.spec.minReplicas : object.spec.replicas) ?? 1;
}

/** The resources of those kinds. */
export const ofKind = (resources: readonly PolicyResource[], ...kinds: string[]) =>
  resources.filter(({ object }) => kinds.includes(object.kind));
export const namespaceOf = ({ object }: PolicyResource) => object.metadata?.namespace ?? "";
/** What describes pods. */
export const controllers = (resources: readonly PolicyResource[]) => resources.filter((resource) => podOf(resource));
/** The labels by which a Service, a NetworkPolicy or a budget selects pods. */
export const selectorOf = ({ object }: PolicyResource): Record<string, string> =>
  object.kind === "Service"
    ? (object.spec.selector ?? {})
    : ((object.spec.podSelector ?? object.spec.selector)?.matchLabels ?? {});

/** Labels that a running process sets, so that no template has them. */
const SET_LATER = ["role"];

/** The workloads whose pods the object selects, in its namespace. */
export function selected(by: PolicyResource, resources: readonly PolicyResource[]): PolicyResource[] {
  const wanted = Object.fromEntries(Object.entries(selectorOf(by)).filter(([label]) => !SET_LATER.includes(label)));
  return controllers(resources).filter(
    (controller) =>
      namespaceOf(controller) === namespaceOf(by) && isPart(wanted, podOf(controller)?.metadata.labels ?? {}),
  );
}

/** Namespaces that Pulumi refuses to delete: those with users' data. */
export const protectedNamespaces = (resources: readonly PolicyResource[]) =>
  new Set(
    ofKind(resources, "Namespace")
      .filter(({ protect }) => protect)
      .map(({ object }) => object.metadata?.name ?? ""),
  );
