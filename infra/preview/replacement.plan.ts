/**
 * Paths whose change makes an object anew, by kind: those for which the Kubernetes plugin replaces it (pulumi-kubernetes
 * 4.25.0, provider/pkg/provider/diff.go), and those that the API server refuses to change in place, for which the plugin's
 * update would fail. Kinds that are not listed are made anew only when their name or namespace changes.
 */
const ANEW: Readonly<Record<string, readonly string[]>> = {
  ConfigMap: [],
  CronJob: [],
  DaemonSet: ["spec.selector"],
  Deployment: ["spec.selector"],
  Job: [
    "spec.completions",
    "spec.completionMode",
    "spec.parallelism",
    "spec.podFailurePolicy",
    "spec.selector",
    "spec.template",
  ],
  PersistentVolumeClaim: [
    "spec.accessModes",
    "spec.dataSource",
    "spec.selector",
    "spec.storageClassName",
    "spec.volumeMode",
    "spec.volumeName",
  ],
  ResourceQuota: ["spec.scopes"],
  RoleBinding: ["roleRef"],
  ClusterRoleBinding: ["roleRef"],
  Secret: ["type"],
  Service: ["spec.clusterIP"],
  StorageClass: ["parameters", "provisioner", "reclaimPolicy", "volumeBindingMode"],
};

/**
 * What may change in a StatefulSet; the API server refuses any other field of its spec. It would take `revisionHistoryLimit`
 * too, but for that the plugin replaces the StatefulSet.
 */
const STATEFUL_SET_IN_PLACE = [
  "replicas",
  "template",
  "updateStrategy",
  "persistentVolumeClaimRetentionPolicy",
  "minReadySeconds",
  "ordinals",
];

const isUnder = (path: string, parent: string) =>
  path === parent || [".", "[", " "].some((next) => path.startsWith(parent + next));

/** Whether a change at this path needs a new object. */
export function makesAnew(type: string, object: { kind?: unknown; immutable?: unknown }, path: string): boolean {
  if (type.startsWith("random:")) return true;
  if (type.startsWith("pulumi:providers:"))
    return ["context", "kubeconfig", "cluster"].some((key) => isUnder(path, key));
  if (!type.startsWith("kubernetes:")) return false;
  if (["metadata.name", "metadata.namespace", "kind"].some((parent) => isUnder(path, parent))) return true;
  const kind = String(object.kind);
  if (object.immutable === true && ["data", "binaryData", "immutable"].some((parent) => isUnder(path, parent)))
    return true;
  if (kind === "StatefulSet" && path.startsWith("spec."))
    return !STATEFUL_SET_IN_PLACE.some((field) => isUnder(path, `spec.${field}`));
  return (ANEW[kind] ?? []).some((parent) => isUnder(path, parent));
}

/** What is at risk when the resource is deleted, or deleted and made anew; undefined for what holds no state. */
export function stateOf(type: string, object: Record<string, unknown>): string | undefined {
  if (type.startsWith("random:"))
    return "a value that others were made with (a password, a key, a seed) becomes another";
  switch (object.kind) {
    case "Namespace":
      return "everything in the namespace goes with it";
    case "PersistentVolumeClaim":
      return "the data on its volume";
    case "StatefulSet":
      return ofMembers(object.spec as Record<string, unknown>);
    default:
      return undefined;
  }
}

function ofMembers(spec: Record<string, unknown>): string | undefined {
  const templates = (spec.volumeClaimTemplates ?? []) as unknown[];
  if (templates.length === 0) return undefined;
  const policy = spec.persistentVolumeClaimRetentionPolicy as { whenDeleted?: string } | undefined;
  return policy?.whenDeleted === "Delete"
    ? "all its members stop at once, and their volumes are deleted with it"
    : "all its members stop at once; their volumes stay, as they are (Retain)";
}
