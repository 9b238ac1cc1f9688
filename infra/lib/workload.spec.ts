import type { Input } from "@pulumi/pulumi";
import type { Link, WorkloadName } from "./endpoints.ts";
import type { ImageName } from "./images.ts";
import type { Component } from "./naming.ts";

/** An environment variable: a value, or a field of the pod such as "status.podIP". Secrets come as files, never here. */
export type EnvValue = Input<string> | { field: string };

export interface Probe {
  /** Path asked by HTTP; without it a TCP connection suffices. */
  path?: string;
  /** Name of the port, from `endpoints.ts`. */
  port: string;
  /** @default HTTP */
  scheme?: "HTTP" | "HTTPS";
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
  /** Only for agents in the node namespace. */
  | { type: "host"; hostPath: string }
);

export interface PolicyRule {
  apiGroups: string[];
  resources: string[];
  verbs: string[];
  resourceNames?: string[];
}

export interface WorkloadSpec extends ContainerSpec {
  /** Listed in `endpoints.ts` with its ports, unless it listens nowhere. */
  name: WorkloadName | (string & {});
  component: Component;
  /** @default Deployment */
  kind?: "Deployment" | "StatefulSet" | "DaemonSet" | "Job" | "CronJob";
  /** @default 1 */
  replicas?: number;
  /** Who it connects to. DNS is added for everyone. @default [] */
  connectsTo?: Link[];
  /** Where Prometheus scrapes it. @default not at all */
  metrics?: { port: string; path?: string; scheme?: "http" | "https" };
  /** ConfigMaps by a short name, which is also the name of the volume. */
  files?: Record<string, FilesSpec>;
  secrets?: Record<string, SecretFilesSpec>;
  volumes?: Record<string, VolumeSpec>;
  sidecars?: Record<string, ContainerSpec>;
  /** Run in the order of their names before the others start. */
  init?: Record<string, ContainerSpec>;
  drain?: {
    /** Wait before the process is told to stop, so that nobody sends to it any more. @default 5 */
    preStopSeconds?: number;
    /** A command in the main container, run instead of that wait before the process is told to stop; it counts in the grace. */
    preStopCommand?: string[];
    /** Time from then until it is killed. @default 30 */
    graceSeconds?: number;
  };
  /** What it may do at the Kubernetes API; its token is mounted only if there are rules. */
  rbac?: {
    /** In the namespace of the stack. */
    namespace?: PolicyRule[];
    /** In the whole cluster. */
    cluster?: PolicyRule[];
  };
  /** Labels of the pods besides the usual ones. */
  podLabels?: Record<string, string>;
  /** Headless service that names a StatefulSet's pods. @default the workload's name */
  serviceName?: string;
  /** StatefulSet: start and stop pods at the same time. @default true */
  parallel?: boolean;
  /** An agent of the node: lives in the node namespace, runs as root without capabilities and reads host folders. */
  nodeAgent?: { hostNetwork?: boolean; hostPid?: boolean };
  /** CronJob: when it runs; a run never begins before the last one has ended. */
  schedule?: {
    /** Five fields of cron, in UTC. */
    cron: string;
    /** Seconds a run may take before it is ended; a run that could not begin in that time is left out. */
    deadlineSeconds: number;
  };
  /** Deployment: a new pod takes an old one's place when it has been ready for so long. @default 0 */
  settleSeconds?: number;
  /** Deployment: stop the old pod before the new one starts, for pods that own a volume. @default false */
  recreate?: boolean;
  /** Changes to a child before it is created, by "Kind" or "Kind/name": the way out. */
  transform?: Record<string, (manifest: Manifest) => Manifest>;
  /** How long to wait for it to be ready, in seconds. @default 300 */
  timeoutSeconds?: number;
}

/** A Kubernetes object as plain data. */
export interface Manifest {
  apiVersion: string;
  kind: string;
  metadata: { name?: string; namespace?: string; labels: Record<string, string>; annotations?: Record<string, string> };
  [section: string]: unknown;
}
