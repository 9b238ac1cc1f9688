import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import type { Config } from "../config/schema.ts";
import type { Context } from "./context.ts";
import { LABEL, PART_OF } from "./naming.ts";
import { createObject } from "./objects.ts";

export type PodSecurity = "restricted" | "privileged";

/** The labels by which the API server enforces the pod security standard, and other stacks' policies know us. */
export function namespacePlan(name: string, stack: string, level: PodSecurity) {
  const modes = ["enforce", "audit", "warn"].map((mode) => [`pod-security.kubernetes.io/${mode}`, level]);
  const labels = { [LABEL.instance]: stack, [LABEL.partOf]: PART_OF, ...Object.fromEntries(modes) };
  return { metadata: { name, labels } };
}

const metadata = (name: string, namespace: string, stack: string) => ({
  name,
  namespace,
  labels: { [LABEL.instance]: stack, [LABEL.name]: name, [LABEL.partOf]: PART_OF },
});

/** What a container gets that asks for nothing: a pod of a person's, because ours say what they need. */
export function limitRangePlan(namespace: string, stack: string) {
  const limits = [{ type: "Container", default: { memory: "256Mi" }, defaultRequest: { cpu: "10m", memory: "64Mi" } }];
  return { apiVersion: "v1", kind: "LimitRange", metadata: metadata("defaults", namespace, stack), spec: { limits } };
}

/** Jobs, claims and addresses of a namespace at most: several times what a stack has, so that only what runs away is stopped. */
const MOST = {
  "count/jobs.batch": "200",
  persistentvolumeclaims: "40",
  "services.loadbalancers": "4",
  "services.nodeports": "40",
};

/** How much the namespace may hold. */
export function quotaPlan(namespace: string, stack: string, { pods }: Config["quota"]) {
  const spec = { hard: { ...MOST, pods: String(pods) } };
  return { apiVersion: "v1", kind: "ResourceQuota", metadata: metadata("quota", namespace, stack), spec };
}

/**
 * The namespace with its limits, as what everything in it depends on. The plugin waits until the quota counts: before, the
 * API server refuses whatever the quota limits.
 */
export function createNamespace(name: string, level: PodSecurity, ctx: Context): pulumi.Resource[] {
  const { provider, stack, config } = ctx;
  const options = { provider, protect: config.protect };
  const namespace = new k8s.core.v1.Namespace(name, namespacePlan(name, stack, level), options);
  const inside = { provider, dependsOn: namespace };
  const limits = createObject(`${name}-defaults`, limitRangePlan(name, stack), inside);
  // Agents of the node are as many as there are nodes.
  if (level === "privileged") return [namespace, limits];
  return [namespace, limits, createObject(`${name}-quota`, quotaPlan(name, stack, config.quota), inside)];
}
