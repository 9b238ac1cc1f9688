import type { Props } from "../lib/values.ts";
import { stringAt } from "../lib/values.ts";
import { type Client, isNotFound } from "./client.ts";
import { ANNOTATION, annotation, kindOf } from "./identity.ts";

/** Kinds whose deletion is not waited for when the await is skipped; all others are waited for regardless. */
const SKIPPABLE = new Set([
  "Namespace",
  "Pod",
  "ReplicationController",
  "DaemonSet",
  "Deployment",
  "StatefulSet",
  "Job",
]);
const POLL_MS = 250;

const POLICIES: { [annotation: string]: string } = { orphan: "Orphan", background: "Background" };

export interface DeleteOptions {
  skipAwait: boolean;
  timeoutMs: number;
  sleep(ms: number): Promise<void>;
  cancelled(): boolean;
  status(message: string): void;
}

/** What came of a deletion: done, or the object as it still stood at the end. */
export type DeleteOutcome = { gone: true } | { gone: false; finalizers: string[]; cancelled: boolean };

/** Deletes the object and waits until it is gone; one that is not there is gone already. */
export async function deleteObject(
  client: Client,
  path: string,
  state: Props,
  options: DeleteOptions,
): Promise<DeleteOutcome> {
  const asked = annotation(state, ANNOTATION.propagation)?.toLowerCase() ?? "";
  const body = { kind: "DeleteOptions", apiVersion: "v1", propagationPolicy: POLICIES[asked] ?? "Foreground" };
  try {
    await client.json("DELETE", path, { body });
  } catch (error) {
    if (isNotFound(error)) return { gone: true };
    throw error;
  }
  if (options.skipAwait && SKIPPABLE.has(kindOf(state))) return { gone: true };
  return waitUntilGone(client, path, stringAt(state, "metadata", "uid"), options);
}

async function waitUntilGone(
  client: Client,
  path: string,
  uid: string | undefined,
  options: DeleteOptions,
): Promise<DeleteOutcome> {
  const deadline = Date.now() + options.timeoutMs;
  for (;;) {
    const live = await getOrUndefined(client, path);
    // An object of the same name with another uid is a new one.
    if (!live || (uid && stringAt(live, "metadata", "uid") !== uid)) return { gone: true };
    const finalizers = ((live.metadata as Props).finalizers as string[] | undefined) ?? [];
    if (options.cancelled() || Date.now() > deadline)
      return { gone: false, finalizers, cancelled: options.cancelled() };
    options.status(finalizers.length > 0 ? `Waiting for finalizers: ${finalizers.join(", ")}` : "Waiting for deletion");
    await options.sleep(POLL_MS);
  }
}

async function getOrUndefined(client: Client, path: string): Promise<Props | undefined> {
  try {
    return await client.json("GET", path);
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}
