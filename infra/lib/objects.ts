import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import type { Manifest } from "./workload.types.ts";

type ObjectClass = new (name: string, args: never, options: pulumi.CustomResourceOptions) => KubernetesObject;
/** What all resources of the provider have in common. */
export type KubernetesObject = pulumi.CustomResource & { metadata: pulumi.Output<{ name: string }> };

/** The provider's class of each kind that a plan may contain. */
const classes: Record<string, () => unknown> = {
  APIService: () => k8s.apiregistration.v1.APIService,
  // A kind of cert-manager, which the cluster has to run.
  Certificate: () => k8s.apiextensions.CustomResource,
  ClusterRole: () => k8s.rbac.v1.ClusterRole,
  ClusterRoleBinding: () => k8s.rbac.v1.ClusterRoleBinding,
  ConfigMap: () => k8s.core.v1.ConfigMap,
  CronJob: () => k8s.batch.v1.CronJob,
  DaemonSet: () => k8s.apps.v1.DaemonSet,
  Deployment: () => k8s.apps.v1.Deployment,
  HorizontalPodAutoscaler: () => k8s.autoscaling.v2.HorizontalPodAutoscaler,
  Job: () => k8s.batch.v1.Job,
  LimitRange: () => k8s.core.v1.LimitRange,
  NetworkPolicy: () => k8s.networking.v1.NetworkPolicy,
  PersistentVolumeClaim: () => k8s.core.v1.PersistentVolumeClaim,
  PodDisruptionBudget: () => k8s.policy.v1.PodDisruptionBudget,
  PriorityClass: () => k8s.scheduling.v1.PriorityClass,
  ResourceQuota: () => k8s.core.v1.ResourceQuota,
  Role: () => k8s.rbac.v1.Role,
  RoleBinding: () => k8s.rbac.v1.RoleBinding,
  Secret: () => k8s.core.v1.Secret,
  Service: () => k8s.core.v1.Service,
  ServiceAccount: () => k8s.core.v1.ServiceAccount,
  StatefulSet: () => k8s.apps.v1.StatefulSet,
};

/** The resource that a manifest describes. */
export function createObject(
  name: string,
  manifest: Manifest,
  options: pulumi.CustomResourceOptions,
): KubernetesObject {
  const find = classes[manifest.kind];
  if (!find) throw new Error(`no class is known for kind ${manifest.kind} (${name}): add it to lib/objects.ts`);
  const made = new (find() as ObjectClass)(name, manifest as never, options);
  return made;
}
