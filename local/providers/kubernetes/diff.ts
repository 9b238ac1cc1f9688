import type { DiffResult, PropertyDiff } from "../lib/provider.ts";
import { equal, isEmpty, isMap, mapAt, type Props, stringAt, type Value } from "../lib/values.ts";
import { forcesReplacement, type Mutability } from "./forcenew.ts";
import { apiVersionOf, isAutonamed, kindOf, nameOf, namespaceOf, withMetadata } from "./identity.ts";
import { normalizeInputs } from "./normalize.ts";
import type { Checkpoint } from "./state.ts";

export interface DiffOptions {
  mutable: Mutability;
  /** Whether the kind lives in a namespace; decides how an empty namespace is read. */
  namespaced: boolean;
  /** A Patch resource is only ever replaced for its identity. */
  patch: boolean;
  ignoreChanges: string[];
}

/** Compares the state (never the cluster) with new inputs that are free of secret wrappers. */
export function diffResource(state: Checkpoint, news: Props, options: DiffOptions): DiffResult {
  const oldInputs = normalizeInputs(state.inputs);
  const target = withNamespace(normalizeInputs(news), options.namespaced);
  const base = withNamespace(baseOf(state.live, oldInputs, target), options.namespaced);
  const detailed: { [path: string]: PropertyDiff } = {};
  compareMaps(base, target, "", { detailed, oldInputs, live: state.live });
  dropIgnored(detailed, options.ignoreChanges);
  const mutable = mutability(state.live, target, options.mutable);
  for (const [path, diff] of Object.entries(detailed)) {
    if (replaces(path, diff, target, mutable, options.patch)) diff.replace = true;
  }
  const replacing = Object.values(detailed).some((diff) => diff.replace);
  return {
    changes: Object.keys(detailed).length > 0,
    detailed,
    deleteBeforeReplace: replacing && keepsItsName(base, target),
  };
}

/** The live object cut to what the old inputs spoke of: what a person did not write is not compared. */
function baseOf(live: Props, oldInputs: Props, target: Props): Props {
  const pruned = prune(live, oldInputs) as Props;
  const base = { ...pruned, apiVersion: live.apiVersion ?? null, kind: live.kind ?? null };
  const name = nameOf(target) === undefined ? undefined : nameOf(live);
  return name === undefined ? base : withMetadata(base, { name });
}

/** Maps are cut by key, arrays by length; anything else is taken as it is. */
export function prune(live: Value, inputs: Value): Value {
  if (Array.isArray(live) && Array.isArray(inputs)) {
    return live.slice(0, inputs.length).map((item, i) => prune(item, inputs[i] ?? null));
  }
  if (!isMap(live) || !isMap(inputs)) return live;
  const kept = Object.keys(inputs).filter((key) => Object.hasOwn(live, key));
  return Object.fromEntries(kept.map((key) => [key, prune(live[key] ?? null, inputs[key] ?? null)]));
}

/** "" and "default" are one namespace; a cluster-wide object has none. */
function withNamespace(object: Props, namespaced: boolean): Props {
  if (!isMap(object.metadata)) return object;
  const namespace = namespaceOf(object);
  const kept = namespaced && namespace !== "default" ? namespace : undefined;
  const { resourceVersion: _, ...metadata } = mapAt(withMetadata(object, { namespace: kept }), "metadata");
  return { ...object, metadata };
}

interface Context {
  detailed: { [path: string]: PropertyDiff };
  oldInputs: Value | undefined;
  live: Value | undefined;
}

function compareMaps(base: Props, target: Props, path: string, context: Context): void {
  for (const key of new Set([...Object.keys(base), ...Object.keys(target)])) {
    const below = { ...context, oldInputs: child(context.oldInputs, key), live: child(context.live, key) };
    compare(base[key], target[key], join(path, key), below);
  }
}

function compare(base: Value | undefined, target: Value | undefined, path: string, context: Context): void {
  if (equal(base, target) || (base ?? target) === null || base === target) return;
  if (target === undefined || target === null) {
    if (base !== undefined && base !== null) context.detailed[path] = { kind: "delete", inputDiff: true };
  } else if (base === undefined || base === null) {
    if (!isDroppedByServer(target, context)) context.detailed[path] = { kind: "add" };
  } else if (isMap(base) && isMap(target)) compareMaps(base, target, path, context);
  else if (Array.isArray(base) && Array.isArray(target)) compareArrays(base, target, path, context);
  else if (!sameNumber(base, target)) context.detailed[path] = { kind: "update" };
}

function compareArrays(base: Value[], target: Value[], path: string, context: Context): void {
  for (let i = 0; i < Math.max(base.length, target.length); i++) {
    const below = { ...context, oldInputs: child(context.oldInputs, i), live: child(context.live, i) };
    compare(base[i], target[i], `${path}[${i}]`, below);
  }
}

/**
 * The API server does not keep `""`, `0`, `false`, `{}` or `[]` where its types say "omit if empty". Such an input,
 * unchanged since it was last applied and absent from the live object, is no difference.
 */
function isDroppedByServer(target: Value, { oldInputs, live }: Context): boolean {
  return live === undefined && isEmpty(target) && oldInputs !== undefined && equal(oldInputs, target);
}

const sameNumber = (a: Value, b: Value): boolean => typeof a === "number" && typeof b === "number" && a === b;

function child(value: Value | undefined, key: string | number): Value | undefined {
  if (Array.isArray(value)) return typeof key === "number" ? value[key] : undefined;
  return isMap(value) && typeof key === "string" && Object.hasOwn(value, key) ? value[key] : undefined;
}

/** A property path as the engine writes it: `a.b[0]["c.d"]`. */
function join(path: string, key: string): string {
  if (!/^[A-Za-z_$][\w$-]*$/.test(key)) return `${path}["${key.replaceAll('"', '\\"')}"]`;
  return path === "" ? key : `${path}.${key}`;
}

function dropIgnored(detailed: { [path: string]: PropertyDiff }, ignoreChanges: string[]): void {
  for (const path of Object.keys(detailed)) {
    const ignored = ignoreChanges.some(
      (entry) => path === entry || path.startsWith(`${entry}.`) || path.startsWith(`${entry}[`),
    );
    if (ignored) delete detailed[path];
  }
}

function replaces(path: string, diff: PropertyDiff, target: Props, mutable: Mutability, patch: boolean): boolean {
  if (path === "metadata" && diff.kind === "delete") return true;
  if (path === "kind") return true;
  const kind = patch ? "" : kindOf(target);
  return forcesReplacement(apiVersionOf(target), kind, path, mutable);
}

/** An object marked immutable cannot be updated, whatever the provider's settings say. */
function mutability(live: Props, target: Props, mutable: Mutability): Mutability {
  const immutable = live.immutable === true || target.immutable === true;
  return immutable ? { configMap: false, secret: false } : mutable;
}

/** Two objects of one name cannot be there at once: the old one has to go first. */
function keepsItsName(base: Props, target: Props): boolean {
  const name = nameOf(target);
  if (name === undefined || isAutonamed(target)) return false;
  return (
    name === nameOf(base) &&
    (stringAt(base, "metadata", "namespace") ?? "") === (stringAt(target, "metadata", "namespace") ?? "")
  );
}
