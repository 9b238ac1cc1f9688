import { isMap, mapAt, type Props, stringAt, type Value } from "../lib/values.ts";

/** Managers whose fields were written from a program or by hand before server-side apply under our own name. */
const LEGACY: { [manager: string]: string[] } = {
  kubectl: ["Apply", "Update"],
  "before-first-apply": ["Update"],
  "pulumi-kubernetes": ["Update"],
  "pulumi-kubernetes.exe": ["Update"],
  "pulumi-resource-kubernetes": ["Update"],
};

/** The list with every legacy entry merged into the manager's own; undefined when there is nothing to move. */
export function migrateManagers(managed: Value[], manager: string, apiVersion: string): Value[] | undefined {
  const entries = managed.filter(isMap);
  const legacy = entries.filter((entry) => isLegacy(entry, manager));
  if (legacy.length === 0) return undefined;
  const isOurs = (entry: Props) => entry.manager === manager && entry.operation === "Apply" && !entry.subresource;
  const ours = entries.filter(isOurs);
  const fieldsV1 = [...ours, ...legacy].map((entry) => mapAt(entry, "fieldsV1")).reduce(union, {});
  const merged: Props = {
    manager,
    operation: "Apply",
    apiVersion: stringAt(ours[0] ?? legacy[0], "apiVersion") ?? apiVersion,
    fieldsType: "FieldsV1",
    fieldsV1,
    time: stringAt(ours[0] ?? legacy[0], "time") ?? new Date().toISOString().replace(/\.\d+Z$/, "Z"),
  };
  return [...entries.filter((entry) => !isOurs(entry) && !legacy.includes(entry)), merged];
}

function isLegacy(entry: Props, manager: string): boolean {
  const [name, operation] = [stringAt(entry, "manager") ?? "", stringAt(entry, "operation") ?? ""];
  if (entry.subresource || (name === manager && operation === "Apply")) return false;
  return Object.hasOwn(LEGACY, name) && (LEGACY[name]?.includes(operation) ?? false);
}

/** A field set is a tree of maps: the union of two is their deep merge. */
export function union(a: Props, b: Props): Props {
  const merged: Props = { ...a };
  for (const [key, value] of Object.entries(b)) {
    const old = merged[key];
    merged[key] = isMap(old) && isMap(value) ? union(old, value) : value;
  }
  return merged;
}
