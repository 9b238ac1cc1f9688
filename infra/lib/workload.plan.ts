import { autoscalersOf } from "./autoscale.plan.ts";
import {
  type AccessType,
  offeredPort,
  type ServiceEntry,
  type ServiceName,
  serviceEntry,
  servicesOf,
  serviceTypeOf,
  type WorkloadName,
} from "./endpoints.ts";

import { podsOf } from "./kinds.ts";
import { clusterWideName, selectorLabels, sorted, stableLabels } from "./naming.ts";
import { object } from "./object.plan.ts";
import { type FileNames, type PlanContext, podTemplate } from "./pod.plan.ts";
import { base64 } from "./secrets.ts";
import type {
  CronJobSpec,
  DeploymentSpec,
  HostVolumeSpec,
  Manifest,
  PolicyRule,
  StatefulSetSpec,
  VolumeSpec,
  WorkloadSpec,
} from "./workload.types.ts";

export interface WorkloadPlan {
  serviceAccount: Manifest;
  rbac: Manifest[];
  /** ConfigMaps and Secrets by short name. Without a name of their own the provider names them, and pods roll with them. */
  files: Record<string, Manifest>;
  /** By the name of the volume; a StatefulSet's by volume and member, such as `data-0`. */
  claims: Record<string, Manifest>;
  /** The claims of them whose volume says so. */
  retained: ReadonlySet<string>;
  services: Manifest[];
  disruptionBudgets: Manifest[];
  autoscalers: Manifest[];
  controller: (names: FileNames) => Manifest;
}

/** From the short spec to the objects of Kubernetes. */
export function planWorkload(spec: WorkloadSpec, ctx: PlanContext): WorkloadPlan {
  return {
    serviceAccount: object(spec, ctx, "v1", "ServiceAccount", spec.name, { automountServiceAccountToken: false }),
    rbac: [...rolePlan(spec, ctx), ...clusterRolePlan(spec, ctx)],
    files: { ...configMaps(spec, ctx), ...secrets(spec, ctx) },
    ...claims(spec, ctx),
    services: servicesOf(spec.name as WorkloadName).map((name) => servicePlan(name, spec, ctx)),
    disruptionBudgets: podsOf(spec) > 1 ? [disruptionBudget(spec, ctx)] : [],
    autoscalers: autoscalersOf(spec, ctx),
    controller: (names) => controller(spec, ctx, names),
  };
}

function configMaps(spec: WorkloadSpec, ctx: PlanContext): Record<string, Manifest> {
  const parts = Object.entries(spec.files ?? {}).map(([part, { data, reload }]) => {
    const name = reload ? `${spec.name}-${part}` : undefined;
    const rest = { data: sorted(data), ...(reload ? {} : { immutable: true }) };
    return [part, object(spec, ctx, "v1", "ConfigMap", name, rest)] as const;
  });
  return Object.fromEntries(parts);
}

function secrets(spec: WorkloadSpec, ctx: PlanContext): Record<string, Manifest> {
  const parts = Object.entries(spec.secrets ?? {}).map(([part, { data, reload }]) => {
    const name = reload ? `${spec.name}-${part}` : undefined;
    const encoded = Object.fromEntries(Object.entries(sorted(data)).map(([file, text]) => [file, base64(text)]));
    const rest = { type: "Opaque", data: encoded, ...(reload ? {} : { immutable: true }) };
    return [part, object(spec, ctx, "v1", "Secret", name, rest)] as const;
  });
  return Object.fromEntries(parts);
}

/**
 * A StatefulSet finds the claims of its members by their names, VOLUME-WORKLOAD-ORDINAL, and makes only those that are
 * missing. The stack declares them, because a claim of its own can grow in place and a template of a StatefulSet cannot
 * be changed. See docs/decisions/0026-claims-of-members.md.
 */
function claims(spec: WorkloadSpec, ctx: PlanContext): Pick<WorkloadPlan, "claims" | "retained"> {
  const made = claimedBy(spec).flatMap(([name, volume]) => {
    const retain = volume.type === "claim" && volume.retain === true;
    const claim = (part: string, claimName: string) => {
      const rest = { spec: claimSpec(volume, ctx) };
      const manifest = object(spec, ctx, "v1", "PersistentVolumeClaim", claimName, rest);
      // It is bound when its pod starts, for which the workload waits. For one that is bound already, and is taken over, the
      // plugin would wait in vain.
      manifest.metadata.annotations = { "pulumi.com/skipAwait": "true" };
      return { part, retain, manifest };
    };
    if (spec.kind !== "StatefulSet") return [claim(name, `${spec.name}-${name}`)];
    return [...Array(podsOf(spec)).keys()].map((ordinal) => {
      const made = claim(`${name}-${ordinal}`, `${name}-${spec.name}-${ordinal}`);
      // The size may be the StatefulSet controller's, which made a claim that was missing.
      made.manifest.metadata.annotations = { "pulumi.com/patchForce": "true", ...made.manifest.metadata.annotations };
      return made;
    });
  });
  return {
    claims: Object.fromEntries(made.map(({ part, manifest }) => [part, manifest])),
    retained: new Set(made.filter(({ retain }) => retain).map(({ part }) => part)),
  };
}

function claimedBy(spec: WorkloadSpec): [string, VolumeSpec | HostVolumeSpec][] {
  return Object.entries(spec.volumes ?? {}).filter(([, volume]) => volume.type === "claim");
}

function claimSpec(volume: VolumeSpec | HostVolumeSpec, ctx: PlanContext) {
  const size = volume.type === "claim" ? volume.sizeGi : 0;
  return {
    accessModes: ["ReadWriteOnce"],
    resources: { requests: { storage: `${size}Gi` } },
    ...(ctx.storageClass ? { storageClassName: ctx.storageClass } : {}),
  };
}

export function servicePlan(name: ServiceName, spec: WorkloadSpec, ctx: PlanContext): Manifest {
  const entry = serviceEntry(name);
  const ports = entry.ports.map((port) => ({ name: port, port: offeredPort(name, port), targetPort: port }));
  const type = serviceTypeOf(entry, ctx.access);
  const manifest = object(spec, ctx, "v1", "Service", name, { spec: { ...reach(entry), ports } });
  // Readiness is awaited at the workload; only a load balancer's address takes time of its own.
  const annotations = {
    ...(type === "LoadBalancer" ? {} : { "pulumi.com/skipAwait": "true" }),
    ...(entry.isPublic ? ctx.publicService.annotations : {}),
  };
  if (Object.keys(annotations).length > 0) manifest.metadata.annotations = annotations;
  return manifest;

  function reach({ headless, endpointsByPatroni, selects, isPublic }: ServiceEntry) {
    const selector = { ...selectorLabels(ctx.stack, spec.name), ...selects };
    return {
      type,
      ...(isPublic ? keepingAddresses(type, ctx) : {}),
      ...(headless ? { clusterIP: "None" } : {}),
      ...(headless === "all" ? { publishNotReadyAddresses: true } : {}),
      ...(endpointsByPatroni ? {} : { selector: sorted(selector) }),
    };
  }
}

/**
 * With `Local`; otherwise a node forwards a connection to any pod under the node's address, and all clients share one rate limit. The
 * price: only nodes with a pod of the workload answer. A load balancer detects them by a health check (a port of each
 * node); clients of node ports must use such a node.
 */
function keepingAddresses(type: AccessType, { publicService: { externalTrafficPolicy } }: PlanContext) {
  return type === "ClusterIP" ? {} : { externalTrafficPolicy };
}

function disruptionBudget(spec: WorkloadSpec, ctx: PlanContext): Manifest {
  const selector = { matchLabels: selectorLabels(ctx.stack, spec.name) };
  return object(spec, ctx, "policy/v1", "PodDisruptionBudget", spec.name, { spec: { maxUnavailable: 1, selector } });
}

function rolePlan(spec: WorkloadSpec, ctx: PlanContext): Manifest[] {
  return spec.rbac?.namespace ? bound(spec, ctx, "Role", spec.name, spec.rbac.namespace) : [];
}

function clusterRolePlan(spec: WorkloadSpec, ctx: PlanContext): Manifest[] {
  if (!spec.rbac?.cluster) return [];
  const objects = bound(spec, ctx, "ClusterRole", clusterWideName(ctx.stack, spec.name), spec.rbac.cluster);
  for (const { metadata } of objects) delete metadata.namespace;
  return objects;
}

/** A role and its binding to the workload's account. */
function bound(spec: WorkloadSpec, ctx: PlanContext, kind: string, name: string, rules: PolicyRule[]): Manifest[] {
  const group = "rbac.authorization.k8s.io";
  const subjects = [{ kind: "ServiceAccount", name: spec.name, namespace: ctx.namespace }];
  const roleRef = { apiGroup: group, kind, name };
  return [
    object(spec, ctx, `${group}/v1`, kind, name, { rules }),
    object(spec, ctx, `${group}/v1`, `${kind}Binding`, name, { roleRef, subjects }),
  ];
}

function controller(spec: WorkloadSpec, ctx: PlanContext, names: FileNames): Manifest {
  const template = podTemplate(spec, ctx, names);
  const selector = { matchLabels: selectorLabels(ctx.stack, spec.name) };
  switch (spec.kind) {
    case "StatefulSet":
      return object(spec, ctx, "apps/v1", "StatefulSet", spec.name, {
        spec: { ...members(spec, ctx), selector, template },
      });
    case "DaemonSet":
      return object(spec, ctx, "apps/v1", "DaemonSet", spec.name, {
        spec: { revisionHistoryLimit: 2, selector, template },
      });
    case "Job":
      // The provider names it, so that a changed job starts before its predecessor goes.
      return object(spec, ctx, "batch/v1", "Job", undefined, { spec: { backoffLimit: 3, template } });
    case "CronJob":
      return object(spec, ctx, "batch/v1", "CronJob", spec.name, { spec: runs(spec, ctx, template) });
    default:
      return object(spec, ctx, "apps/v1", "Deployment", spec.name, { spec: { ...rollout(spec), selector, template } });
  }
}

/** A run that failed is not repeated: the next one comes soon enough, and its predecessor's pod is there to be read. */
function runs(spec: CronJobSpec, ctx: PlanContext, template: ReturnType<typeof podTemplate>) {
  const { cron, deadlineSeconds } = spec.schedule;
  const metadata = { labels: stableLabels(ctx.stack, spec.name, spec.component) };
  return {
    schedule: cron,
    timeZone: "Etc/UTC",
    concurrencyPolicy: "Forbid",
    startingDeadlineSeconds: deadlineSeconds,
    successfulJobsHistoryLimit: 1,
    failedJobsHistoryLimit: 1,
    jobTemplate: { metadata, spec: { backoffLimit: 0, activeDeadlineSeconds: deadlineSeconds, template } },
  };
}

function rollout(spec: DeploymentSpec) {
  const { settleSeconds, recreate } = spec.rollout ?? {};
  const gentle = { type: "RollingUpdate", rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } };
  return {
    // Where there is an autoscaler, the number to begin with (`leftAlone` in kinds.ts).
    replicas: podsOf(spec),
    revisionHistoryLimit: 2,
    progressDeadlineSeconds: spec.timeoutSeconds ?? 300,
    ...(settleSeconds && { minReadySeconds: settleSeconds }),
    strategy: recreate ? { type: "Recreate" } : gentle,
  };
}

function members(spec: StatefulSetSpec, ctx: PlanContext) {
  return {
    replicas: podsOf(spec),
    revisionHistoryLimit: 2,
    serviceName: spec.serviceName ?? spec.name,
    podManagementPolicy: spec.podManagement ?? "Parallel",
    updateStrategy: { type: "RollingUpdate" },
    persistentVolumeClaimRetentionPolicy: { whenDeleted: "Retain", whenScaled: "Retain" },
    volumeClaimTemplates: claimedBy(spec).map(([name, volume]) => ({
      apiVersion: "v1",
      kind: "PersistentVolumeClaim",
      metadata: { name, labels: stableLabels(ctx.stack, spec.name, spec.component) },
      spec: claimSpec(volume, ctx),
    })),
  };
}
