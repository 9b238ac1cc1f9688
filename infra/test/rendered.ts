import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { STACKS, type Stack } from "./fixtures.ts";

/** A resource as the program registered it, secrets in the clear. */
export interface Registered {
  type: string;
  name: string;
  inputs: Record<string, unknown>;
}

export interface Rendered {
  stack: Stack;
  resources: Registered[];
  outputs: Record<string, unknown>;
}

/** A Kubernetes object of a rendered stack; loosely typed, because the tests look everywhere. */
export interface KubernetesObject {
  apiVersion: string;
  kind: string;
  metadata: {
    name?: string;
    namespace?: string;
    labels?: Record<string, string>;
    annotations?: Record<string, string>;
  };
  // biome-ignore lint/suspicious/noExplicitAny: the tests read arbitrary paths of manifests.
  [section: string]: any;
}

const script = fileURLToPath(new URL("render.ts", import.meta.url));
const node = fileURLToPath(new URL("../../node_modules/.bin/node", import.meta.url));
const cache = fileURLToPath(new URL("../../node_modules/.cache/compiled", import.meta.url));
const known = new Map(await Promise.all(STACKS.map(async (stack) => [stack, await render(stack)] as const)));

async function render(stack: Stack): Promise<Rendered> {
  // Node keeps the compiled code of the SDK there: a third of the time of a process.
  const env = { ...process.env, NODE_COMPILE_CACHE: cache };
  const { stdout } = await promisify(execFile)(node, [script, stack], { env, maxBuffer: 1 << 26 });
  return JSON.parse(stdout) as Rendered;
}

/** The stack under mocks. */
export function rendered(stack: Stack): Rendered {
  return known.get(stack) as Rendered;
}

/** All Kubernetes objects of the stack, with the name that the provider would give to those that have none. */
export function objects(stack: Stack): KubernetesObject[] {
  return rendered(stack)
    .resources.filter(({ type }) => type.startsWith("kubernetes:") || type.startsWith("kubernetes:core"))
    .map(({ name, inputs }) => {
      const object = inputs as unknown as KubernetesObject;
      return { ...object, metadata: { name: `${name}-0a1b2c3d`, ...object.metadata } };
    });
}

export function ofKind(stack: Stack, ...kinds: string[]): KubernetesObject[] {
  return objects(stack).filter((object) => kinds.includes(object.kind));
}

/** Kinds whose pods end by themselves. */
export const JOBS = ["Job", "CronJob"];

/** Everything that runs pods. */
export function controllers(stack: Stack): KubernetesObject[] {
  return ofKind(stack, "Deployment", "StatefulSet", "DaemonSet", ...JOBS);
}

/** The template of a controller's pods. */
export function templateOf({ spec }: KubernetesObject): KubernetesObject {
  return spec.jobTemplate?.spec.template ?? spec.template;
}
