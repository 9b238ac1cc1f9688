import { randomBytes } from "node:crypto";
import { isMap, type Props, stringAt, unwrapMap } from "../lib/values.ts";
import { ANNOTATION, annotation, apiVersionOf } from "./identity.ts";
import { markSecrets } from "./secrets.ts";

/** The manager that a plain create leaves in managedFields. */
export const CREATE_MANAGER = "pulumi-kubernetes";

/** What the state of a resource says, free of secret wrappers. */
export interface Checkpoint {
  inputs: Props;
  live: Props;
  initialApiVersion: string | undefined;
  fieldManager: string | undefined;
}

/** What a new state keeps of the old one. */
export type Previous = { [key in "initialApiVersion" | "fieldManager"]?: string | undefined };

/** Reads a state: the live object at top level with `__` keys beside it, or the old form `{inputs, live}`. */
export function parseCheckpoint(state: Props): Checkpoint {
  const plain = unwrapMap(state);
  if (isMap(plain.inputs) && isMap(plain.live)) {
    return { inputs: plain.inputs, live: plain.live, initialApiVersion: undefined, fieldManager: undefined };
  }
  const { __inputs, __initialApiVersion, __fieldManager, ...live } = plain;
  return {
    inputs: isMap(__inputs) ? __inputs : {},
    live,
    initialApiVersion: typeof __initialApiVersion === "string" ? __initialApiVersion : undefined,
    fieldManager: typeof __fieldManager === "string" ? __fieldManager : undefined,
  };
}

/**
 * Makes a state from the live object and the checked inputs. What is secret follows the marks of the inputs, or those of
 * `marked` where the inputs are read from the cluster and have none.
 */
export function checkpoint(live: Props, inputs: Props, previous?: Previous, marked = inputs): Props {
  const plainInputs = unwrapMap(inputs);
  const initial = previous?.initialApiVersion ?? (apiVersionOf(live) || apiVersionOf(plainInputs));
  return {
    ...markSecrets(live, marked),
    __inputs: markSecrets(plainInputs, marked),
    __initialApiVersion: initial,
    __fieldManager: fieldManager(plainInputs, previous?.fieldManager),
  };
}

/** The field manager for server-side apply: asked for by annotation, else the one in state, else a new one. */
export function fieldManager(inputs: Props, inState: string | undefined): string {
  return (
    annotation(inputs, ANNOTATION.fieldManager) ?? inState ?? `pulumi-kubernetes-${randomBytes(4).toString("hex")}`
  );
}

/** A preview must not promise a status. */
export function withoutStatus(object: Props): Props {
  const { status: _, ...rest } = object;
  return rest;
}

export const resourceVersionOf = (object: Props): string | undefined => stringAt(object, "metadata", "resourceVersion");
