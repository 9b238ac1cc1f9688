import { groupOf } from "./kinds.ts";

/**
 * Paths that the API server does not let change in place, by group and kind; `[*]` stands for any index. Kinds that are
 * not listed are replaced only when their name or namespace changes.
 */
const REPLACE: { [groupKind: string]: string[] } = {
  "apps/Deployment": ["spec.selector"],
  "apps/DaemonSet": ["spec.selector"],
  "apps/StatefulSet": [
    "spec.podManagementPolicy",
    "spec.revisionHistoryLimit",
    "spec.selector",
    "spec.serviceName",
    "spec.volumeClaimTemplates",
  ],
  "batch/Job": ["spec.completions", "spec.parallelism", "spec.selector", "spec.template"],
  "/PersistentVolumeClaim": ["spec.accessModes", "spec.selector", "spec.storageClassName", "spec.volumeName"],
  "/PersistentVolume": [
    "awsElasticBlockStore azureDisk azureFile cephfs cinder csi fc flexVolume flocker gcePersistentDisk glusterfs hostPath iscsi",
    "local nfs photonPersistentDisk portworxVolume quobyte rbd scaleIO storageos vsphereVolume",
  ].flatMap((line) => line.split(" ").map((source) => `spec.${source}`)),
  "/Pod": ["spec"],
  "/Service": ["spec.clusterIP"],
  "/ResourceQuota": ["spec.scopes"],
  "rbac.authorization.k8s.io/RoleBinding": ["roleRef"],
  "rbac.authorization.k8s.io/ClusterRoleBinding": ["roleRef"],
  "storage.k8s.io/StorageClass": ["parameters", "provisioner"],
};

/** Parts of a listed path that may change in place after all. */
const IN_PLACE: { [groupKind: string]: RegExp } = {
  "/Pod":
    /^spec\.(activeDeadlineSeconds|terminationGracePeriodSeconds|tolerations\b|(initC|c)ontainers\[\d+\]\.image$)/,
};

export interface Mutability {
  /** ConfigMaps are updated in place. */
  configMap: boolean;
  /** Secrets are updated in place. */
  secret: boolean;
}

/** Whether a change at this path needs a new object. */
export function forcesReplacement(apiVersion: string, kind: string, path: string, mutable: Mutability): boolean {
  if (isUnder(path, "metadata.name") || isUnder(path, "metadata.namespace")) return true;
  const key = `${groupOf(apiVersion)}/${kind}`;
  if (IN_PLACE[key]?.test(path)) return false;
  return pathsFor(key, apiVersion, mutable).some((listed) => isUnder(path, listed));
}

function pathsFor(key: string, apiVersion: string, mutable: Mutability): string[] {
  if (key === "/ConfigMap") return mutable.configMap ? [] : ["data", "binaryData"];
  if (key === "/Secret") return mutable.secret ? ["type"] : ["type", "data", "stringData"];
  if (key === "policy/PodDisruptionBudget") return apiVersion === "policy/v1beta1" ? ["spec"] : [];
  return REPLACE[key] ?? [];
}

const isUnder = (path: string, parent: string): boolean =>
  path === parent || path.startsWith(`${parent}.`) || path.startsWith(`${parent}[`);
