/** What each image is built from; the base is made without a Dockerfile (base.ts), everything else has a folder here. */
export interface ImageDefinition {
  /** Name in the registry, of the folder beside this file, and in the program's catalogue (infra/lib/images.ts). */
  readonly name: string;
  /** Programs of local/toolchain that its Dockerfile copies. @default none */
  readonly tools?: readonly string[];
  /** Folders or files of installed npm packages that its Dockerfile copies. @default none */
  readonly packages?: readonly PackageFile[];
  /** False for an image that starts from nothing. @default true */
  readonly onBase?: boolean;
  /** True for an image that no stack has: only a verb that needs it has it built. @default false */
  readonly onDemand?: boolean;
}

/** A file or folder of an npm package, copied into the build context. */
export interface PackageFile {
  /** Package name; `{arch}` is replaced by Node's name of this machine's architecture. */
  readonly package: string;
  /** Path inside the package, "." for all of it. */
  readonly path: string;
  /** Name in the build context. */
  readonly as: string;
}

export const BASE = "base";

const ofTool = (name: string): ImageDefinition => ({ name, tools: [name] });

/** In build order: what the cluster itself needs comes first. */
export const IMAGES: readonly ImageDefinition[] = [
  { name: "pause", tools: ["pause"], onBase: false },
  ofTool("coredns"),
  ofTool("local-path-provisioner"),
  ofTool("metrics-server"),
  ofTool("kube-state-metrics"),
  ofTool("prometheus-adapter"),
  {
    name: "node",
    packages: [
      { package: "node-linux-{arch}", path: "bin/node", as: "node" },
      { package: "npm", path: ".", as: "npm" },
    ],
  },
  { name: "postgres" },
  { name: "postgres-next", onDemand: true },
  { name: "pgbouncer" },
  { name: "redis" },
  { name: "nginx" },
  { name: "prometheus" },
  { name: "pushgateway" },
  { name: "alertmanager" },
  { name: "exporters" },
  ofTool("versitygw"),
  ofTool("otelcol"),
  ofTool("jaeger"),
  ofTool("loki"),
];

/** Every name that may be asked for, the base included. */
export const IMAGE_NAMES: readonly string[] = [BASE, ...IMAGES.map((image) => image.name)];

/** What a cluster with its stacks needs. */
export const STACK_IMAGES: readonly string[] = [
  BASE,
  ...IMAGES.flatMap(({ name, onDemand }) => (onDemand ? [] : name)),
];
