import { isEmpty, isMap, type Props, type Value } from "../lib/values.ts";
import { type Client, isNotFound } from "./client.ts";
import { prune } from "./diff.ts";
import { parseId, withMetadata } from "./identity.ts";
import { gvkOfToken } from "./kinds.ts";

/** The live object of an id; undefined when it is gone. */
export async function readObject(client: Client, token: string, id: string, state: Props): Promise<Props | undefined> {
  const { namespace, name } = parseId(id);
  const fromToken = gvkOfToken(token);
  const apiVersion = typeof state.apiVersion === "string" ? state.apiVersion : fromToken.apiVersion;
  const kind = typeof state.kind === "string" ? state.kind : fromToken.kind;
  try {
    return await client.json("GET", await client.path(apiVersion, kind, namespace, name));
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

/**
 * Inputs as the cluster has them now: drift shows in what the program declared, and nothing else is taken on. Empty values
 * that the API server leaves out stay: their absence is no drift.
 */
export function refreshedInputs(live: Props, oldInputs: Props): Props {
  return keepEmpty(prune(live, oldInputs), oldInputs) as Props;
}

function keepEmpty(pruned: Value, inputs: Value): Value {
  if (Array.isArray(pruned) && Array.isArray(inputs))
    return pruned.map((item, i) => keepEmpty(item, inputs[i] ?? null));
  if (!isMap(pruned) || !isMap(inputs)) return pruned;
  const kept: Props = {};
  for (const [key, input] of Object.entries(inputs)) {
    const value = pruned[key];
    if (value !== undefined) kept[key] = keepEmpty(value, input);
    else if (isEmpty(input)) kept[key] = input;
  }
  return kept;
}

const SERVER_ANNOTATIONS = ["deployment.kubernetes.io/revision", "kubectl.kubernetes.io/last-applied-configuration"];

/** Inputs for an object that was never in a state: all that a person could have written. */
export function importedInputs(live: Props): Props {
  const { status: _, ...inputs } = live;
  const metadata = isMap(inputs.metadata) ? inputs.metadata : {};
  const annotations = isMap(metadata.annotations) ? metadata.annotations : {};
  const kept = Object.entries(annotations).filter(([key]) => !SERVER_ANNOTATIONS.includes(key));
  const dropped = ["creationTimestamp", "generation", "managedFields", "resourceVersion", "uid"];
  return withMetadata(inputs, {
    ...Object.fromEntries(dropped.map((key) => [key, undefined])),
    annotations: kept.length > 0 ? Object.fromEntries(kept) : undefined,
  });
}
