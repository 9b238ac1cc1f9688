import type { CheckRequest } from "../lib/provider.ts";
import { isMap, listAt, type Props, stringAt, unwrapMap } from "../lib/values.ts";
import type { Client } from "./client.ts";
import { AlreadyExists, type CreateOptions, createObject, isRefused } from "./create.ts";
import { diffResource } from "./diff.ts";
import { isAutonamed, nameOf, namespaceOf } from "./identity.ts";
import type { Begun, Journal } from "./journal.ts";
import { CREATE_MANAGER, parseCheckpoint } from "./state.ts";
import { updateObject } from "./update.ts";

/** A request arrives within its own time-out and tries or never; the clocks of both machines may differ by the rest. */
const ALLOWANCE_MS = 150_000;

const uidOf = (object: Props): string | undefined => stringAt(object, "metadata", "uid");

/**
 * Makes the object. One that is there already is taken over when an earlier plugin made it for this very resource and was
 * killed, or lost its connection, before it could say so; any other stays a collision.
 */
export async function createOrResume(
  client: Client,
  journal: Journal,
  urn: string,
  inputs: Props,
  options: CreateOptions,
): Promise<Props> {
  const earlier = journal.find(urn);
  if (earlier && earlier.name !== nameOf(inputs)) options.warn(leftBehind(earlier, inputs));
  const begun = begin(inputs, earlier);
  journal.begin(urn, begun);
  const made = await createObject(client, inputs, options).catch(async (error) => {
    const live = error instanceof AlreadyExists && earlier && (await orphanOf(client, earlier, inputs));
    if (live) return takeOver(client, inputs, options);
    // What the server refused was not made; of a lost answer nobody knows.
    if (isRefused(error)) journal.end(urn);
    throw error;
  });
  journal.begin(urn, { ...begun, uid: uidOf(made) ?? "" });
  return made;
}

function begin(inputs: Props, earlier: Begun | undefined): Begun {
  const [name, now] = [nameOf(inputs) ?? "", Date.now()];
  const from = earlier?.name === name ? earlier.from : now;
  return { name, autonamed: isAutonamed(inputs), from, to: now };
}

function takeOver(client: Client, inputs: Props, { fieldManager, force }: CreateOptions): Promise<Props> {
  return updateObject(client, inputs, { fieldManager, force, oldFieldManager: undefined, ignoreChanges: [] });
}

/** The live object, if it is the one that the earlier attempt made. */
async function orphanOf(client: Client, earlier: Begun, inputs: Props): Promise<Props | undefined> {
  const live = await client.json("GET", await client.pathOf(inputs, namespaceOf(inputs), nameOf(inputs)));
  return isMadeBy(earlier, live, inputs) ? live : undefined;
}

/**
 * Whether an object is what an attempt made: by its uid where the server had answered. Where it had not, by a name that was made up
 * for it, and else by what was made, by which manager, at which time: nobody else writes the same object in the same minutes.
 */
export function isMadeBy(earlier: Begun, live: Props, inputs: Props): boolean {
  if (earlier.uid) return uidOf(live) === earlier.uid;
  if (earlier.name !== nameOf(live) || !isMadeByUs(live)) return false;
  if (earlier.autonamed) return isAutonamed(live);
  const at = Date.parse(stringAt(live, "metadata", "creationTimestamp") ?? "");
  return at >= earlier.from - ALLOWANCE_MS && at <= earlier.to + ALLOWANCE_MS && says(live, inputs);
}

const isMadeByUs = (live: Props): boolean =>
  listAt(live, "metadata", "managedFields").some((entry) => isMap(entry) && entry.manager === CREATE_MANAGER);

/** Whether the object is what these inputs make. */
function says(live: Props, inputs: Props): boolean {
  const mutable = { configMap: true, secret: true };
  const options = { mutable, namespaced: namespaceOf(inputs) !== undefined, patch: false, ignoreChanges: [] };
  return !diffResource(parseCheckpoint({ ...live, __inputs: inputs }), inputs, options).changes;
}

/** What a person should know of an earlier attempt that this create does not go on with. */
function leftBehind(earlier: Begun, inputs: Props): string {
  return (
    `an earlier run was cut off while it created ${earlier.name} for this resource, which is ${nameOf(inputs)} now; ` +
    `if ${earlier.name} is on the cluster, it is in no state: delete it by hand`
  );
}

/** The made-up name of a create that was cut off, for a check to take again. An object that the state has was not cut off. */
export function begunAs(journal: Journal, { urn, olds }: Pick<CheckRequest, "urn" | "olds">): string | undefined {
  const begun = journal.find(urn);
  if (!begun || !olds || nameOf(unwrapMap(olds)) !== begun.name) return begun?.autonamed ? begun.name : undefined;
  journal.end(urn);
  return undefined;
}
