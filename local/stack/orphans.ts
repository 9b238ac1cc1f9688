import { kubectl } from "../cluster/cluster.ts";
import { idOf, type KubernetesObject, kindOf, type State } from "./pending.ts";
import { exported, type Stack } from "./pulumi.ts";

/** A listed object, as far as it matters here. */
export interface Listed {
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly ownerReferences?: readonly unknown[];
    readonly deletionTimestamp?: string;
    readonly managedFields?: readonly { readonly manager?: string }[];
  };
}

/** Labels that the program gives to each of its objects (infra/lib/naming.ts). */
const labelsOf = (stack: string) => ({
  "app.kubernetes.io/part-of": "media-platform",
  "app.kubernetes.io/instance": stack,
});

/** Every field manager of the official plugin begins with this. */
const MANAGER = "pulumi-kubernetes";

/**
 * Removes what a killed engine has made and never written down: the successor of an autonamed object that was to be
 * replaced. The next run of the engine makes up another name. An object with a fixed name is taken over by that run instead.
 */
export async function removeOrphans(stack: Stack, report: (line: string) => void): Promise<void> {
  const state = (await exported(stack)) as State;
  for (const { kind, name, namespace } of orphansOf(await listed(stack, state), state, stack.name)) {
    report(`stack ${stack.name}: ${kind} ${name}, which an engine that was killed left behind, is removed`);
    const where = namespace ? ["-n", namespace] : [];
    await kubectl(stack.layout, ["delete", kind, name, ...where, "--ignore-not-found", "--wait=false"]);
  }
}

/** The stack's objects on the cluster, of the kinds that stand in its state. */
export async function listed(stack: Stack, state: State): Promise<Listed[]> {
  const kinds = [...new Set((state.deployment?.resources ?? []).flatMap(({ type }) => kindOf(type) ?? []))];
  if (kinds.length === 0) return [];
  const selector = Object.entries(labelsOf(stack.name)).map(([key, value]) => `${key}=${value}`);
  const get = ["get", kinds.join(","), "-A", "-l", selector.join(","), "-o", "json", "--show-managed-fields"];
  return (JSON.parse(String((await kubectl(stack.layout, get)).stdout)) as { items: Listed[] }).items;
}

/** Of the objects listed, those that only the stack's engine can have made and that its state does not know. */
export function unknownOf(objects: readonly Listed[], state: State, stack: string): KubernetesObject[] {
  const known = new Set((state.deployment?.resources ?? []).map(({ type, id }) => `${type.split(":").at(-1)} ${id}`));
  return objects
    .filter(({ metadata }) => isOurs(metadata, stack) && metadata.deletionTimestamp === undefined)
    .map(({ kind, metadata: { name, namespace } }) => ({ kind, name, ...(namespace ? { namespace } : {}) }))
    .filter((object) => !known.has(`${object.kind} ${idOf(object)}`));
}

/** Of those, the ones under a made-up name: only they are removed. */
export function orphansOf(objects: readonly Listed[], state: State, stack: string): KubernetesObject[] {
  const autonamed = objects.filter(({ metadata }) => metadata.annotations?.["pulumi.com/autonamed"] === "true");
  return unknownOf(autonamed, state, stack);
}

function isOurs({ labels, ownerReferences, managedFields }: Listed["metadata"], stack: string): boolean {
  return (
    Object.entries(labelsOf(stack)).every(([key, value]) => labels?.[key] === value) &&
    (ownerReferences ?? []).length === 0 &&
    (managedFields ?? []).some(({ manager }) => manager?.startsWith(MANAGER))
  );
}
