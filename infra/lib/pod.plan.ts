import type { Input } from "@pulumi/pulumi";
import { type Access, listeners } from "./endpoints.ts";
import { orAbsent } from "./errors.ts";
import { isTask, metricsOf, nodeAgentOf, sidecarsOf } from "./kinds.ts";
import { labels, selectorLabels, sorted } from "./naming.ts";
import { priorityClassName, priorityOf } from "./priority.plan.ts";
import type {
  ContainerSpec,
  EnvValue,
  HostVolumeSpec,
  Manifest,
  NodeAccess,
  Probe,
  Resources,
  VolumeSpec,
  WorkloadSpec,
} from "./workload.types.ts";

/** What a plan must know besides the spec. */
export interface PlanContext {
  stack: string;
  /** The namespace the workload lives in. */
  namespace: string;
  /** An image's reference and the version of what is in it. */
  image: (image: ContainerSpec["image"]) => { reference: Input<string>; version: string };
  /** How people reach exposed Services. */
  access: Access;
  /** Of the Service that the public reaches. */
  publicService: { annotations: Record<string, string>; externalTrafficPolicy: "Local" | "Cluster" };
  /** @default the cluster's default class */
  storageClass?: string | undefined;
  /** The Secret with the registries' credentials. @default none */
  pullSecret?: string | undefined;
  /** Volumes outlive their StatefulSet. */
  protect: boolean;
}

/** Names of the ConfigMaps and Secrets by their short name; the provider chooses those of autonamed ones. */
export type FileNames = Record<string, Input<string>>;

/** User and group of every container, which every image of ours has in its passwd. */
const APP_USER = 10001;
const FILE_MODE = 0o444;
const EXECUTABLE_MODE = 0o555;
const SECRET_MODE = 0o440;
const TMP: VolumeSpec = { type: "scratch", path: "/tmp", sizeMi: 64 };

export function podTemplate(
  spec: WorkloadSpec,
  ctx: PlanContext,
  names: FileNames,
): Omit<Manifest, "apiVersion" | "kind"> {
  const { version } = ctx.image(spec.image);
  const nodeAgent = nodeAgentOf(spec);
  const priority = priorityOf(spec.component);
  return {
    metadata: {
      labels: { ...labels(ctx.stack, spec.name, spec.component, version), ...spec.podLabels },
      ...(metricsOf(spec) ? { annotations: scrapeAnnotations(spec) } : {}),
    },
    spec: {
      serviceAccountName: spec.name,
      ...(ctx.pullSecret ? { imagePullSecrets: [{ name: ctx.pullSecret }] } : {}),
      ...(priority ? { priorityClassName: priorityClassName(ctx.stack, priority) } : {}),
      automountServiceAccountToken: spec.rbac !== undefined,
      enableServiceLinks: false,
      // Names of ours have no dots or end in cluster.local: with 2 the resolver asks for the full ones at once.
      dnsConfig: { options: [{ name: "ndots", value: "2" }] },
      securityContext: podSecurity(spec),
      terminationGracePeriodSeconds: spec.drain?.graceSeconds ?? 30,
      topologySpreadConstraints: spec.kind === "DaemonSet" || isTask(spec) ? undefined : spread(spec, ctx),
      ...(isTask(spec) ? { restartPolicy: "Never" } : {}),
      ...(nodeAgent ? nodeAccess(nodeAgent) : {}),
      initContainers: orAbsent(others(spec.init).map(([name, c]) => container(name, c, spec, ctx))),
      containers: [
        container(spec.name, main(spec), spec, ctx),
        ...others(sidecarsOf(spec)).map(([name, c]) => container(name, c, spec, ctx)),
      ],
      volumes: podVolumes(spec, names),
    },
  };
}

function others(containers: Record<string, ContainerSpec> = {}): [string, ContainerSpec][] {
  return Object.entries(sorted(containers));
}

/** Ports of the workload by name, from the table of endpoints. */
export function portsOf(spec: WorkloadSpec): Record<string, number> {
  return (listeners as Record<string, Record<string, number>>)[spec.name] ?? {};
}

/** The main container has every port that no sidecar claims, and sees every volume that it does not leave out. */
function main(spec: WorkloadSpec): ContainerSpec {
  const claimed = Object.values(sidecarsOf(spec)).flatMap((sidecar) => sidecar.ports ?? []);
  const ports = spec.ports ?? Object.keys(portsOf(spec)).filter((port) => !claimed.includes(port));
  return { ...spec, ports, mounts: spec.mounts ?? Object.keys(allMounts(spec)) };
}

function container(name: string, c: ContainerSpec, spec: WorkloadSpec, ctx: PlanContext) {
  return {
    name,
    image: ctx.image(c.image).reference,
    command: c.command,
    args: c.args,
    workingDir: c.workingDir,
    env: orAbsent(Object.entries(sorted(c.env ?? {})).map(envEntry)),
    ports: orAbsent((c.ports ?? []).map((port) => ({ name: port, containerPort: portsOf(spec)[port] }))),
    startupProbe: c.probes?.startup && probe(c.probes.startup, 2, 60),
    readinessProbe: c.probes?.readiness && probe(c.probes.readiness, 5, 3),
    livenessProbe: c.probes?.liveness && probe(c.probes.liveness, 5, 3),
    lifecycle: name === spec.name ? lifecycle(spec) : undefined,
    resources: resources(c.resources),
    securityContext: {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ["ALL"] },
    },
    volumeMounts: orAbsent((c.mounts ?? []).map((mount) => volumeMount(mount, spec))),
  };
}

/** What comes before the main container is told to stop. */
function lifecycle(spec: WorkloadSpec) {
  if (isTask(spec)) return undefined;
  const { preStopCommand, preStopSeconds = 5 } = spec.drain ?? {};
  if (preStopCommand) return { preStop: { exec: { command: preStopCommand } } };
  return preStopSeconds > 0 ? { preStop: { sleep: { seconds: preStopSeconds } } } : undefined;
}

function envEntry([name, value]: [string, EnvValue]) {
  const isField = typeof value === "object" && "field" in value;
  return isField ? { name, valueFrom: { fieldRef: { fieldPath: value.field } } } : { name, value };
}

function action(p: Probe) {
  if (p.command) return { exec: { command: p.command } };
  return p.path
    ? { httpGet: { path: p.path, port: p.port, scheme: p.scheme ?? "HTTP" } }
    : { tcpSocket: { port: p.port } };
}

function probe(p: Probe, periodSeconds: number, failures: number) {
  return {
    ...action(p),
    periodSeconds: p.periodSeconds ?? periodSeconds,
    timeoutSeconds: p.timeoutSeconds ?? 2,
    failureThreshold: p.failures ?? failures,
  };
}

function resources({ cpuMilli = 10, memoryMi, requestMi }: Resources) {
  const request = requestMi ?? Math.ceil(memoryMi / 4);
  return { requests: { cpu: `${cpuMilli}m`, memory: `${request}Mi` }, limits: { memory: `${memoryMi}Mi` } };
}

function podSecurity(spec: WorkloadSpec) {
  const seccompProfile = { type: "RuntimeDefault" };
  if (nodeAgentOf(spec)?.root) return { runAsUser: 0, runAsGroup: 0, seccompProfile };
  const user = { runAsNonRoot: true, runAsUser: APP_USER, runAsGroup: APP_USER };
  return { ...user, fsGroup: APP_USER, fsGroupChangePolicy: "OnRootMismatch", seccompProfile };
}

function nodeAccess({ hostNetwork, hostPid }: NodeAccess) {
  return { hostNetwork, hostPID: hostPid, tolerations: [{ operator: "Exists" }] };
}

/**
 * Members that keep data must be on different nodes where there are several that take pods; one node must do, and a node
 * that was lost does not count (`Honor`), so that no member waits for it. For other pods, and for zones, it is a wish.
 */
function spread(spec: WorkloadSpec, ctx: PlanContext) {
  const labelSelector = { matchLabels: selectorLabels(ctx.stack, spec.name) };
  const over = (topologyKey: string, required = false) => ({
    maxSkew: 1,
    topologyKey,
    whenUnsatisfiable: required ? "DoNotSchedule" : "ScheduleAnyway",
    ...(required ? { nodeTaintsPolicy: "Honor" } : {}),
    labelSelector,
  });
  return [over("kubernetes.io/hostname", spec.kind === "StatefulSet"), over("topology.kubernetes.io/zone")];
}

function scrapeAnnotations(spec: WorkloadSpec): Record<string, string> {
  const { port = "", path = "/metrics", scheme = "http" } = metricsOf(spec) ?? {};
  return {
    "prometheus.io/path": path,
    "prometheus.io/port": String(portsOf(spec)[port]),
    "prometheus.io/scheme": scheme,
    "prometheus.io/scrape": "true",
  };
}

/** Folder and mode of access by name of the volume. */
function allMounts(spec: WorkloadSpec): Record<string, { path: string; readOnly?: boolean }> {
  const readOnly = (parts: Record<string, { path: string }> = {}) =>
    Object.entries(parts).map(([name, { path }]) => [name, { path, readOnly: true }] as const);
  const own = Object.fromEntries([...readOnly(spec.files), ...readOnly(spec.secrets)]);
  return sorted({ tmp: TMP, ...own, ...spec.volumes });
}

function volumeMount(name: string, spec: WorkloadSpec) {
  const mount = allMounts(spec)[name];
  if (!mount) throw new Error(`${spec.name} mounts ${name}, which is not among its files, secrets and volumes`);
  return { name, mountPath: mount.path, ...(mount.readOnly ? { readOnly: true } : {}) };
}

function podVolumes(spec: WorkloadSpec, names: FileNames) {
  const files = Object.entries(spec.files ?? {}).map(([name, part]) => {
    const defaultMode = part.executable ? EXECUTABLE_MODE : FILE_MODE;
    return { name, configMap: { name: names[name], defaultMode } };
  });
  const secrets = Object.keys(spec.secrets ?? {}).map((name) => {
    return { name, secret: { secretName: names[name], defaultMode: SECRET_MODE } };
  });
  const volumes = Object.entries({ tmp: TMP, ...spec.volumes })
    // A StatefulSet makes the claims of its pods itself.
    .filter(([, volume]) => !(volume.type === "claim" && spec.kind === "StatefulSet"))
    .map(([name, volume]) => ({ name, ...volumeSource(`${spec.name}-${name}`, volume) }));
  return [...files, ...secrets, ...volumes].sort((a, b) => (a.name < b.name ? -1 : 1));
}

function volumeSource(claimName: string, volume: VolumeSpec | HostVolumeSpec) {
  if (volume.type === "claim") return { persistentVolumeClaim: { claimName } };
  if (volume.type === "secret") return { secret: { secretName: volume.secretName, defaultMode: SECRET_MODE } };
  if (volume.type === "host") return { hostPath: { path: volume.hostPath } };
  const medium = volume.inMemory ? { medium: "Memory" } : {};
  return { emptyDir: { ...medium, ...(volume.sizeMi ? { sizeLimit: `${volume.sizeMi}Mi` } : {}) } };
}
