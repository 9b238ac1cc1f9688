import { type Props, stringAt } from "../lib/values.ts";

/** How a kind is reached over REST. */
export interface Resource {
  plural: string;
  namespaced: boolean;
}

/** Kinds of a group, written `Kind` (namespaced) or `Kind!` (cluster-wide). Kinds outside this table come from discovery. */
const BUILT_IN: { [group: string]: string } = {
  "": "ConfigMap Endpoints Event LimitRange PersistentVolumeClaim Pod PodTemplate ReplicationController ResourceQuota Secret Service ServiceAccount Namespace! Node! PersistentVolume!",
  apps: "ControllerRevision DaemonSet Deployment ReplicaSet StatefulSet",
  batch: "CronJob Job",
  autoscaling: "HorizontalPodAutoscaler",
  policy: "PodDisruptionBudget",
  "networking.k8s.io": "Ingress NetworkPolicy IngressClass! ServiceCIDR! IPAddress!",
  "rbac.authorization.k8s.io": "Role RoleBinding ClusterRole! ClusterRoleBinding!",
  "storage.k8s.io": "CSIStorageCapacity StorageClass! CSIDriver! CSINode! VolumeAttachment!",
  "scheduling.k8s.io": "PriorityClass!",
  "node.k8s.io": "RuntimeClass!",
  "coordination.k8s.io": "Lease",
  "discovery.k8s.io": "EndpointSlice",
  "events.k8s.io": "Event",
  "apiextensions.k8s.io": "CustomResourceDefinition!",
  "apiregistration.k8s.io": "APIService!",
  "admissionregistration.k8s.io":
    "ValidatingWebhookConfiguration! MutatingWebhookConfiguration! ValidatingAdmissionPolicy! ValidatingAdmissionPolicyBinding!",
  "flowcontrol.apiserver.k8s.io": "FlowSchema! PriorityLevelConfiguration!",
  "certificates.k8s.io": "CertificateSigningRequest!",
};

export const groupOf = (apiVersion: string): string =>
  apiVersion.includes("/") ? (apiVersion.split("/")[0] ?? "") : "";
export const isBuiltInGroup = (apiVersion: string): boolean => Object.hasOwn(BUILT_IN, groupOf(apiVersion));

export function builtIn(apiVersion: string, kind: string): Resource | undefined {
  const kinds = BUILT_IN[groupOf(apiVersion)]?.split(" ") ?? [];
  const found = kinds.find((entry) => entry === kind || entry === `${kind}!`);
  return found === undefined ? undefined : { plural: pluralOf(kind), namespaced: !found.endsWith("!") };
}

function pluralOf(kind: string): string {
  const name = kind.toLowerCase();
  if (name.endsWith("endpoints")) return name;
  if (/[^aeiou]y$/.test(name)) return `${name.slice(0, -1)}ies`;
  return /(s|x|ch|sh)$/.test(name) ? `${name}es` : `${name}s`;
}

/** `/api/v1` or `/apis/<group>/<version>`. */
export const apiRoot = (apiVersion: string): string =>
  apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`;

/** `kubernetes:core/v1:Service` is kind Service of apiVersion v1. */
export function gvkOfToken(token: string): { apiVersion: string; kind: string } {
  const [, apiVersion = "", kind = ""] = token.split(":");
  return { apiVersion: apiVersion.replace(/^core\//, ""), kind };
}

/** Whether a program asks for a patch of an object that something else created. */
export const isPatch = (token: string, inputs: Props): boolean => {
  const kind = stringAt(inputs, "kind");
  return kind !== undefined && gvkOfToken(token).kind === `${kind}Patch`;
};
