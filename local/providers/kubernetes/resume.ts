import { type Props, stringAt } from "../lib/values.ts";
import { chooseJudge } from "./await.ts";
import type { Client } from "./client.ts";
import { AlreadyExists, type CreateOptions, createObject } from "./create.ts";
import { nameOf, namespaceOf } from "./identity.ts";
import type { Journal } from "./journal.ts";
import { updateObject } from "./update.ts";

const uidOf = (object: Props): string | undefined => stringAt(object, "metadata", "uid");

/**
 * Makes the object. One that is there already is taken over when an earlier plugin made it for this very resource and was
 * killed before it could say so; any other stays a collision.
 */
export async function createOrResume(
  client: Client,
  journal: Journal,
  urn: string,
  inputs: Props,
  options: CreateOptions,
): Promise<Props> {
  const created = await createObject(client, inputs, options).catch(async (error) => {
    const made = error instanceof AlreadyExists ? journal.uidOf(urn) : undefined;
    if (!made) throw error;
    const live = await client.json("GET", await client.pathOf(inputs, namespaceOf(inputs), nameOf(inputs)));
    if (uidOf(live) !== made) throw error;
    const { fieldManager, force } = options;
    return updateObject(client, inputs, { fieldManager, force, oldFieldManager: undefined, ignoreChanges: [] });
  });
  const uid = uidOf(created);
  // Without a wait there is no time in which to be killed.
  if (uid && chooseJudge(inputs, created)) journal.begin(urn, uid);
  return created;
}
