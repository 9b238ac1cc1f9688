import { UserError } from "../lib/provider.ts";
import { at, equal, hasUnknown, isMap, listAt, mapAt, type Props, stringAt, type Value } from "../lib/values.ts";
import { ApiError, type Client, isNotFound } from "./client.ts";
import { apply } from "./create.ts";
import {
  ANNOTATION,
  annotation,
  apiVersionOf,
  describe,
  kindOf,
  nameOf,
  namespaceOf,
  withMetadata,
} from "./identity.ts";
import { migrateManagers } from "./managed-fields.ts";
import { isCrd } from "./normalize.ts";
import { resourceVersionOf, withoutStatus } from "./state.ts";

export interface UpdateOptions {
  fieldManager: string;
  /** The manager in state, whose fields are given up when it is another. */
  oldFieldManager: string | undefined;
  /** From the provider's `enablePatchForce`. */
  force: boolean;
  ignoreChanges: string[];
}

/** Somebody else may write the object between our read and our write. */
const CONFLICT_TRIES = 5;

/** Applies the inputs to the live object and answers it as the server stored it. */
export async function updateObject(client: Client, inputs: Props, options: UpdateOptions): Promise<Props> {
  const path = await client.pathOf(inputs, namespaceOf(inputs), nameOf(inputs));
  let live = await client.json("GET", path);
  if (isCrd(inputs)) return put(client, path, live, inputs);
  live = await adoptFields(client, path, live, options.fieldManager);
  const updated = await applyOver(client, live, inputs, options, false);
  if (options.oldFieldManager && options.oldFieldManager !== options.fieldManager) {
    await relinquish(client, inputs, options.oldFieldManager);
  }
  return updated;
}

/** What the server would make of the inputs; the inputs themselves when it cannot say. */
export async function previewUpdate(client: Client | undefined, inputs: Props, options: UpdateOptions): Promise<Props> {
  if (!client || hasUnknown(inputs)) return inputs;
  try {
    const live = await client.json("GET", await client.pathOf(inputs, namespaceOf(inputs), nameOf(inputs)));
    if (isCrd(inputs)) return inputs;
    return withoutStatus(await applyOver(client, live, inputs, options, true));
  } catch (error) {
    if (!(error instanceof ApiError) || isNotFound(error) || error.code === 403) return inputs;
    throw error;
  }
}

function put(client: Client, path: string, live: Props, inputs: Props): Promise<Props> {
  const body = withMetadata(inputs, { resourceVersion: resourceVersionOf(live) });
  return client.json("PUT", path, { body });
}

/**
 * Makes fields that earlier ways of writing own ours. Without this, fields that leave the program would stay on the
 * object, since the manager of the create still owns them.
 */
async function adoptFields(client: Client, path: string, first: Props, manager: string): Promise<Props> {
  let live = first;
  for (let tries = 1; ; tries++) {
    const managed = migrateManagers(listAt(live, "metadata", "managedFields"), manager, apiVersionOf(live));
    if (!managed) return live;
    const body = [
      { op: "replace", path: "/metadata/managedFields", value: managed },
      { op: "replace", path: "/metadata/resourceVersion", value: resourceVersionOf(live) ?? "" },
    ];
    try {
      return await client.json("PATCH", path, { body, contentType: "application/json-patch+json" });
    } catch (error) {
      if (!(error instanceof ApiError) || error.code !== 409 || tries === CONFLICT_TRIES) throw error;
      live = await client.json("GET", path);
    }
  }
}

async function applyOver(
  client: Client,
  live: Props,
  inputs: Props,
  options: UpdateOptions,
  preview: boolean,
): Promise<Props> {
  const managed = listAt(live, "metadata", "managedFields");
  // A preview cannot move ownership first, so it must not stumble over the managers that the update would move.
  const legacy = preview && migrateManagers(managed, options.fieldManager, apiVersionOf(live)) !== undefined;
  const force = options.force || annotation(inputs, ANNOTATION.force) === "true" || managed.length === 0 || legacy;
  const body = keepIgnored(inputs, live, options.ignoreChanges);
  const query = { fieldManager: options.fieldManager, force: String(force), ...(preview && { dryRun: "All" }) };
  try {
    return await apply(client, body, query);
  } catch (error) {
    throw explainConflict(error, inputs);
  }
}

/** An ignored field is sent with its live value, so that applying neither changes it nor gives it up. */
function keepIgnored(inputs: Props, live: Props, ignoreChanges: string[]): Props {
  return ignoreChanges.reduce((object, path) => {
    const steps = [...path.matchAll(/\["((?:[^"\\]|\\.)*)"\]|\[(\d+)\]|([^.[\]]+)/g)].map(([, quoted, index, key]) =>
      index === undefined ? (quoted?.replaceAll('\\"', '"') ?? key ?? "") : Number(index),
    );
    const value = at(live, ...steps);
    if (value === undefined || equal(value, at(object, ...steps) ?? null)) return object;
    return putAt(object, steps, value) as Props;
  }, inputs);
}

/** A copy with one value put at a path that exists down to its last step. */
function putAt(target: Value | undefined, [step, ...rest]: (string | number)[], value: Value): Value {
  if (step === undefined) return value;
  if (Array.isArray(target) && typeof step === "number" && step < target.length) {
    return target.map((item, i) => (i === step ? putAt(item, rest, value) : item));
  }
  if (isMap(target) && typeof step === "string" && (rest.length === 0 || Object.hasOwn(target, step))) {
    return { ...target, [step]: putAt(target[step], rest, value) };
  }
  return target ?? null;
}

function explainConflict(error: unknown, inputs: Props): unknown {
  if (!(error instanceof ApiError) || error.code !== 409) return error;
  const causes = listAt(error.body, "details", "causes").map(
    (cause) => `${stringAt(cause, "field")} (${stringAt(cause, "message")})`,
  );
  return new UserError(
    `${describe(inputs)}: server-side apply field conflict detected: ${causes.join(", ") || error.message}. ` +
      `Something else on the cluster owns these fields: take them out of the program, list them in ignoreChanges, ` +
      `or set the annotation ${ANNOTATION.force}: "true" to take them over.`,
  );
}

/** Gives up everything a manager owned: it applies the object's bare identity. */
async function relinquish(client: Client, inputs: Props, manager: string): Promise<void> {
  const { name, namespace } = mapAt(inputs, "metadata");
  const metadata = { name: name ?? "", ...(namespace !== undefined && { namespace }) };
  await apply(
    client,
    { apiVersion: apiVersionOf(inputs), kind: kindOf(inputs), metadata },
    { fieldManager: manager, force: "true" },
  );
}
