import { hasUnknown, isMap, isUnknown, mapAt, mapValues, type Props, type Value } from "../lib/values.ts";
import { apiVersionOf, kindOf } from "./identity.ts";
import { groupOf, isBuiltInGroup } from "./kinds.ts";
import { canonicalQuantities } from "./quantity.ts";

/** What the API server writes into metadata, never a person. */
const SERVER_METADATA = [
  "creationTimestamp",
  "deletionGracePeriodSeconds",
  "deletionTimestamp",
  "generation",
  "managedFields",
  "resourceVersion",
  "uid",
];

/** Inputs, free of secret wrappers, in the form in which the API server will give them back. */
export function normalizeInputs(inputs: Props): Props {
  let object = renameExtensions(inputs) as Props;
  if (isMap(object.metadata)) {
    const metadata = Object.entries(object.metadata).filter(([key]) => !SERVER_METADATA.includes(key));
    object = { ...object, metadata: Object.fromEntries(metadata) };
  }
  if (isSecretKind(object)) object = mergeStringData(object);
  if (isCrd(object)) object = trimCrd(object);
  return isBuiltInGroup(apiVersionOf(object)) ? (canonicalQuantities(object) as Props) : object;
}

export const isSecretKind = (object: Props): boolean => kindOf(object) === "Secret" && apiVersionOf(object) === "v1";
export const isCrd = (object: Props): boolean =>
  kindOf(object) === "CustomResourceDefinition" && groupOf(apiVersionOf(object)) === "apiextensions.k8s.io";

/** The SDK spells `x-kubernetes-preserve-unknown-fields` as `x_kubernetes_preserve_unknown_fields`. */
function renameExtensions(value: Value): Value {
  if (Array.isArray(value)) return value.map(renameExtensions);
  if (!isMap(value)) return value;
  const rename = (key: string) => (key.startsWith("x_kubernetes_") ? key.replaceAll("_", "-") : key);
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [rename(key), renameExtensions(item)]));
}

/** `stringData` becomes base64 in `data`, as on the server. With an unknown in it, both are left alone until all is known. */
function mergeStringData(object: Props): Props {
  const { stringData, ...rest } = object;
  if (hasUnknown(stringData) || hasUnknown(object.data)) return object;
  const encoded = mapValues(mapAt(object, "stringData"), (text) => Buffer.from(String(text)).toString("base64"));
  const data = mapValues(mapAt(object, "data"), reencode);
  if (!isMap(object.data) && Object.keys(encoded).length === 0) return rest;
  return { ...rest, data: { ...data, ...encoded } };
}

function reencode(text: Value): Value {
  if (typeof text !== "string" || isUnknown(text)) return text;
  const bytes = Buffer.from(text, "base64");
  const isBase64 = bytes.toString("base64").replace(/=+$/, "") === text.replace(/\s/g, "").replace(/=+$/, "");
  // What is not base64 goes to the server unchanged, which says so better than we could.
  return isBase64 ? bytes.toString("base64") : text;
}

function trimCrd(object: Props): Props {
  const { status: _, ...rest } = object;
  const spec = mapAt(rest, "spec");
  if (spec.preserveUnknownFields !== false) return rest;
  const { preserveUnknownFields: __, ...kept } = spec;
  return { ...rest, spec: kept };
}
