/** A resource as `pulumi stack export` shows it, as far as it matters here. */
export interface Resource {
  readonly urn: string;
  readonly type: string;
  readonly id?: string;
  readonly inputs?: Record<string, unknown>;
  readonly outputs?: Record<string, unknown>;
}

/** An operation that was under way when the engine was killed. */
export interface PendingOperation {
  readonly type: string;
  readonly resource: Resource;
}

export interface State {
  readonly deployment?: {
    readonly resources?: readonly Resource[];
    readonly pending_operations?: readonly PendingOperation[];
  };
}

/** Whether a stack has anything. */
export const hasResources = (state: State | undefined): boolean => (state?.deployment?.resources ?? []).length > 0;

export interface KubernetesObject {
  /** As kubectl takes it: with version and group where it has one. */
  readonly kind: string;
  readonly name: string;
  readonly namespace?: string;
}

/** The kind of a resource's type as kubectl takes it; undefined where it is no Kubernetes object. */
export function kindOf(type: string): string | undefined {
  const [, token, kind] = /^kubernetes:([^:]+):(\w+)$/.exec(type) ?? [];
  if (!token || !kind) return undefined;
  const [group = "", version = ""] = token.split("/");
  return group === "core" ? kind : `${kind}.${version}.${group}`;
}

/** What a pending create would have made; undefined where it is no Kubernetes object. */
export function objectOf({ type, resource }: PendingOperation): KubernetesObject | undefined {
  const kind = kindOf(resource.type);
  const metadata = resource.inputs?.metadata as { name?: string; namespace?: string } | undefined;
  if (type !== "creating" || !kind || !metadata?.name) return undefined;
  return { kind, name: metadata.name, ...(metadata.namespace ? { namespace: metadata.namespace } : {}) };
}

/** The provider's id of an object. */
export const idOf = ({ name, namespace }: KubernetesObject) => (namespace ? `${namespace}/${name}` : name);

/**
 * The state without pending operations: a create that reached the cluster becomes a resource, so that the next
 * `pulumi up` does not meet an unknown object; one that did not is forgotten. Updates and deletes need nothing,
 * since their resource is in the state and a refresh learns what it is now.
 *
 * @param arrived ids, by URN, of the creates that reached the cluster
 */
export function settle<S extends State>(state: S, arrived: ReadonlyMap<string, string>): S {
  const { resources = [], pending_operations = [] } = state.deployment ?? {};
  const known = new Set(resources.map(({ urn }) => urn));
  const adopted = pending_operations
    .filter(({ resource }) => arrived.has(resource.urn) && !known.has(resource.urn))
    .map(({ resource }) => ({ ...resource, id: arrived.get(resource.urn) as string, outputs: resource.inputs ?? {} }));
  return {
    ...state,
    deployment: { ...state.deployment, resources: [...resources, ...adopted], pending_operations: [] },
  };
}
