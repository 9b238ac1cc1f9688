/**
 * Paths that the API server, or a provider, does not let change in place, by kind. Kinds that are not listed are made anew
 * only when their name or namespace changes. (kubernetes/kubernetes pkg/apis/<group>/validation; the official provider's
 * list is pulumi-kubernetes provider/pkg/provider/diff.go.)
 */
const ANEW: Readonly<Record<string, readonly string[]>> = {
  ConfigMap: [],
  CronJob: [],
  DaemonSet: ["spec.selector"],
  Deployment: ["spec.selector"],
  Job: ["spec.completions", "spec.completionMode", "spec.podFailurePolicy", "spec.selector", "spec.template"],
  PersistentVolumeClaim: [
    "spec.accessModes",
    "spec.dataSource",
    "spec.selector",
    "spec.storageClassName",
    "spec.volumeMode",
    "spec.volumeName",
  ],
  RoleBinding: ["roleRef"],
  ClusterRoleBinding: ["roleRef"],
  Secret: ["type"],
  Service: ["spec.clusterIP"],
  StatefulSet: ["spec.podManagementPolicy", "spec.selector", "spec.serviceName", "spec.volumeClaimTemplates"],
  StorageClass: ["parameters", "provisioner", "reclaimPolicy", "volumeBindingMode"],
};

/** What else may change in a StatefulSet; any other field of its spec is refused by the API server. */
const STATEFUL_SET_IN_PLACE = [
  "replicas",
  "template",
  "updateStrategy",
  "persistentVolumeClaimRetentionPolicy",
  "minReadySeconds",
  "ordinals",
  "revisionHistoryLimit",
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
