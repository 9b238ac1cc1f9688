import { isMap, mapAt, type Props, stringAt, type Value } from "../lib/values.ts";

export const ANNOTATION = {
  autonamed: "pulumi.com/autonamed",
  fieldManager: "pulumi.com/patchFieldManager",
  force: "pulumi.com/patchForce",
  skipAwait: "pulumi.com/skipAwait",
  waitFor: "pulumi.com/waitFor",
  timeout: "pulumi.com/timeoutSeconds",
  propagation: "pulumi.com/deletionPropagationPolicy",
  replaceUnready: "pulumi.com/replaceUnready",
} as const;

export const kindOf = (object: Props): string => stringAt(object, "kind") ?? "";
export const apiVersionOf = (object: Props): string => stringAt(object, "apiVersion") ?? "";
export const nameOf = (object: Props): string | undefined => stringAt(object, "metadata", "name");
export const namespaceOf = (object: Props): string | undefined =>
  stringAt(object, "metadata", "namespace") || undefined;

export function annotation(object: Props, name: string): string | undefined {
  return stringAt(object, "metadata", "annotations", name);
}

export const isAutonamed = (object: Props): boolean => annotation(object, ANNOTATION.autonamed) === "true";

/** `namespace/name`, or `name` when there is no namespace. */
export function idOf(object: Props): string {
  const [namespace, name] = [namespaceOf(object), nameOf(object) ?? ""];
  return namespace ? `${namespace}/${name}` : name;
}

export function parseId(id: string): { namespace: string | undefined; name: string } {
  const slash = id.indexOf("/");
  return slash < 0 ? { namespace: undefined, name: id } : { namespace: id.slice(0, slash), name: id.slice(slash + 1) };
}

/** A copy with changed metadata entries; undefined removes one. */
export function withMetadata(object: Props, changes: { [key: string]: Value | undefined }): Props {
  const metadata: { [key: string]: Value | undefined } = { ...mapAt(object, "metadata"), ...changes };
  const kept = Object.entries(metadata).filter((entry): entry is [string, Value] => entry[1] !== undefined);
  return { ...object, metadata: Object.fromEntries(kept) };
}

export function withAnnotation(object: Props, name: string, value: string): Props {
  const annotations = isMap(mapAt(object, "metadata").annotations) ? mapAt(object, "metadata", "annotations") : {};
  return withMetadata(object, { annotations: { ...annotations, [name]: value } });
}

/** `Deployment media-dev/api`, for messages. */
export const describe = (object: Props): string => `${kindOf(object)} ${idOf(object)}`;
