import type { Input } from "@pulumi/pulumi";
import type { Paces } from "../config/autoscaling.ts";
import type { Link, WorkloadName } from "./endpoints.ts";
import type { ImageName } from "./images.ts";
import type { Component } from "./naming.ts";

/** An environment variable: a value, or a field of the pod such as "status.podIP". Secrets come as files, never here. */
export type EnvValue = Input<string> | { field: string };

/** Asks by HTTP, opens a TCP connection, or runs a command in the container. */
export type Probe = ProbeTimes & (NetworkProbe | CommandProbe);

interface NetworkProbe {
  /** Path asked by HTTP; without it a TCP connection suffices. */
  path?: string;
  /** Name of the port, from `endpoints.ts`. */
  port: string;
  /** @default HTTP */
  scheme?: "HTTP" | "HTTPS";
  command?: never;
}

interface CommandProbe {
  /** Ends with status 0 where all is well. */
  command: string[];
  path?: never;
  port?: never;
  scheme?: never;
}

interface ProbeTimes {
  /** @default 5; 2 for the startup probe */
  periodSeconds?: number;
  /** @default 2 */
  timeoutSeconds?: number;
  /** Failures in a row before it counts. @default 3; 60 for the startup probe */
  failures?: number;
}

export interface ContainerSpec {
  /** From the catalogue, or a reference for images that the program builds. */
  image: ImageName | { reference: Input<string>; version: string };
  /** @default the image's entry point */
  command?: Input<string>[];
  args?: Input<string>[];
  /** @default {} */
  env?: Record<string, EnvValue>;
  /** Names of the ports it listens on. @default for the main container: all ports of the workload that no sidecar has */
  ports?: string[];
  /** Names of the volumes, files and secrets it sees. @default all for the main container, none for others */
  mounts?: string[];
  probes?: { startup?: Probe; readiness?: Probe; liveness?: Probe };
  resources: Resources;
  /** Folder in which the command starts. @default the image's own */
  workingDir?: string;
}

export interface Resources {
  /** CPU asked for, in thousandths of a core; there is no CPU limit, because throttling costs more than it saves. @default 10 */
  cpuMilli?: number;
  /** Limit of memory in MiB. */
  memoryMi: number;
  /** Memory asked for, in MiB. @default a quarter of the limit */
  requestMi?: number;
}

/** Text files in a ConfigMap. */
export interface FilesSpec {
  /** Folder at which they appear. */
  path: string;
  data: Record<string, Input<string>>;
  /** The process rereads them: change them in place instead of rolling the pods. @default false */
  reload?: boolean;
  /** Files can be executed. @default false */
  executable?: boolean;
}

/** Files in a Secret. */
export interface SecretFilesSpec {
  path: string;
  data: Record<string, Input<string>>;
  /** The process rereads them. @default false */
  reload?: boolean;
}

export type VolumeSpec = { path: string; readOnly?: boolean } & (
  | { type: "scratch"; sizeMi?: number; inMemory?: boolean }
  /** A claim per pod of a StatefulSet; else one claim for the workload. `retain`: deleting it must be asked for twice. */
  | { type: "claim"; sizeGi: number; retain?: boolean }
  /** A Secret that others keep, in the workload's namespace. */
  | { type: "secret"; secretName: string }
);

/** A folder of the node, for node agents. */
export type HostVolumeSpec = { type: "host"; hostPath: string; path: string; readOnly?: boolean };

export interface PolicyRule {
  apiGroups: string[];
  resources: string[];
  verbs: string[];
  resourceNames?: string[];
}

/** What workloads of all kinds have. */
interface CommonSpec extends ContainerSpec {
  /** Listed in `endpoints.ts` with its ports, unless it listens nowhere. */
  name: WorkloadName | (string & {});
  component: Component;
  /** What it connects to. DNS is added for every workload. @default [] */
  connectsTo?: Link[];
  /** ConfigMaps by a short name, which is also the name of the volume. */
  files?: Record<string, FilesSpec>;
  secrets?: Record<string, SecretFilesSpec>;
  volumes?: Record<string, VolumeSpec>;
  /** Run in the order of their names before the others start. */
  init?: Record<string, ContainerSpec>;
  /** What it may do at the Kubernetes API; its token is mounted only if there are rules. */
  rbac?: {
    /** In the namespace of the stack. */
    namespace?: PolicyRule[];
    /** In the whole cluster. */
    cluster?: PolicyRule[];
  };
  /** Labels of the pods besides the usual ones. */
  podLabels?: Record<string, string>;
  /** Changes to a child before it is created, by "Kind" or "Kind/name". A key that matches no child is an error. */
  transform?: Record<string, (manifest: Manifest) => Manifest>;
  /** How long to wait for it to be ready, in seconds. @default 300 */
  timeoutSeconds?: number;
}

/** What workloads have whose pods run until they are stopped. */
interface ServerSpec extends CommonSpec {
  /** Where Prometheus scrapes it. @default not at all */
  metrics?: { port: string; path?: string; scheme?: "http" | "https" };
  sidecars?: Record<string, ContainerSpec>;
  drain?: {
    /** Seconds between the pod's removal from its Services and the signal to stop. @default 5 */
    preStopSeconds?: number;
    /** A command in the main container, run instead of that wait before the process is told to stop; it counts in the grace. */
    preStopCommand?: string[];
    /** Seconds from then until the pod is killed. @default 30 */
    graceSeconds?: number;
  };
}

/** Between which bounds, by what and how fast the number of pods follows the load. */
export interface Autoscale {
  /** Most pods. */
  maxReplicas: number;
  /** Mean CPU of a pod above which there are more of them, in thousandths of a core. */
  cpuMilli: number;
  /** Asked besides CPU; each says how many pods there should be, and the most of these counts. @default [] */
  figures?: readonly ScalingFigure[];
  pace: Paces;
}

/** A figure of the cluster's API of external metrics. */
export interface ScalingFigure {
  name: string;
  /** `pod`: the figure is shared among the pods; `workload`: it is of all of them, and in proportion to the target. */
  per: "pod" | "workload";
  target: number;
}

/** Pods that any other of the same workload can replace. */
export interface DeploymentSpec extends ServerSpec {
  /** @default Deployment */
  kind?: "Deployment";
  /** With `autoscale` the fewest there are. @default 1 */
  replicas?: number;
  /** Let the cluster choose the number of pods, by the load. @default as many as `replicas` says */
  autoscale?: Autoscale;
  rollout?: {
    /** How long a new pod must have been ready before it replaces an old one, in seconds. @default 0 */
    settleSeconds?: number;
    /** Stop the old pod before the new one starts, for pods that own a volume. @default false */
    recreate?: boolean;
  };
  // Without `kind`, the compiler would let fields of the other kinds pass.
  members?: never;
  nodeAgent?: never;
  podManagement?: never;
  schedule?: never;
  serviceName?: never;
}

/** Pods with names of their own, and volumes that belong to the name. */
export interface StatefulSetSpec extends ServerSpec {
  kind: "StatefulSet";
  /** Number of pods. @default 1 */
  members?: number;
  /** Whether the pods start and stop together or one after the other. @default Parallel */
  podManagement?: "Parallel" | "OrderedReady";
  /** Headless service that names the pods. @default the workload's name */
  serviceName?: string;
}

/** What a node agent sees of its node besides host folders. */
export interface NodeAccess {
  /** For files of the node that only root may read; without any capability. @default false */
  root?: boolean;
  /** @default false */
  hostNetwork?: boolean;
  /** @default false */
  hostPid?: boolean;
}

/** One pod on each node. */
export interface DaemonSetSpec extends Omit<ServerSpec, "volumes"> {
  kind: "DaemonSet";
  /** Lives in the node namespace and reads host folders. @default an ordinary pod */
  nodeAgent?: NodeAccess;
  volumes?: Record<string, VolumeSpec | HostVolumeSpec>;
}

/** What workloads have whose pods end by themselves: no Service, probe or scrape reaches them. */
interface TaskSpec extends CommonSpec {
  probes?: never;
  ports?: never;
  /** `graceSeconds`: time to stop in, when it is told to. @default 30 */
  drain?: { graceSeconds?: number };
}

/** Runs once; the provider replaces it when anything of it changes. */
export interface JobSpec extends TaskSpec {
  kind: "Job";
}

/** Runs again and again. */
export interface CronJobSpec extends TaskSpec {
  kind: "CronJob";
  /** When it runs; a run never begins before the last one has ended. */
  schedule: {
    /** Five fields of cron, in UTC. */
    cron: string;
    /** Seconds a run may take before it is ended; a run that could not begin in that time is left out. */
    deadlineSeconds: number;
  };
}

export type WorkloadSpec = DeploymentSpec | StatefulSetSpec | DaemonSetSpec | JobSpec | CronJobSpec;

/** A Kubernetes object as plain data. */
export interface Manifest {
  apiVersion: string;
  kind: string;
  metadata: { name?: string; namespace?: string; labels: Record<string, string>; annotations?: Record<string, string> };
  [section: string]: unknown;
}
