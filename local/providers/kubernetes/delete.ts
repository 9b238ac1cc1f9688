import { setTimeout as delay } from "node:timers/promises";
import { UserError } from "../lib/provider.ts";
import type { Props } from "../lib/values.ts";
import { stringAt } from "../lib/values.ts";
import { GONE, readLive } from "./await.ts";
import { type Client, isNotFound } from "./client.ts";
import { ANNOTATION, annotation, describe, kindOf } from "./identity.ts";
import { resourceVersionOf } from "./state.ts";
import { View } from "./view.ts";

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
/** The pause before a server that did not answer is asked again. */
const RETRY_MS = 1000;

const POLICIES: { [annotation: string]: string } = { orphan: "Orphan", background: "Background" };

export interface DeleteOptions {
  skipAwait: boolean;
  timeoutMs: number;
  /** Aborts when the deployment is cancelled. */
  signal: AbortSignal;
  status(message: string): void;
}

/** What came of a deletion: done, or the object as it still stood at the end. */
export type DeleteOutcome = { gone: true } | Remains;
interface Remains {
  gone: false;
  finalizers: string[];
  cancelled: boolean;
}

/** The error for an object that does not go. */
export function stillThere(live: Props, { finalizers, cancelled }: Remains): UserError {
  const why = finalizers.length > 0 ? `; finalizers might be preventing deletion: ${finalizers.join(", ")}` : "";
  return new UserError(`${describe(live)} is still there${cancelled ? ", cancelled" : ""}${why}`);
}

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
  const end = new AbortController();
  try {
    return await untilGone(client, path, uid, options, end.signal);
  } finally {
    end.abort();
  }
}

async function untilGone(
  client: Client,
  path: string,
  uid: string | undefined,
  { signal, status, timeoutMs }: DeleteOptions,
  end: AbortSignal,
): Promise<DeleteOutcome> {
  const deadline = Date.now() + timeoutMs;
  const left = () => Math.max(1, deadline - Date.now());
  let view: View | undefined;
  let finalizers: string[] = [];
  for (;;) {
    // From before the read: of what is said while it is under way it may know nothing.
    let seen = view?.version;
    const live = await readLive(client, path);
    // An object of the same name with another uid is a new one.
    if (live === GONE || (live && uid && stringAt(live, "metadata", "uid") !== uid)) return { gone: true };
    if (live) finalizers = ((live.metadata as Props).finalizers as string[] | undefined) ?? [];
    if (signal.aborted || Date.now() >= deadline) return { gone: false, finalizers, cancelled: signal.aborted };
    status(finalizers.length > 0 ? `Waiting for finalizers: ${finalizers.join(", ")}` : "Waiting for deletion");
    if (signal.aborted) continue;
    if (live && !view) {
      view = await View.open(client, path, live, undefined, end);
      seen = resourceVersionOf(live);
    }
    if (!live || !view || !seen) await delay(Math.min(left(), RETRY_MS), undefined, { signal }).catch(() => {});
    else while (view.version === seen && !signal.aborted && Date.now() < deadline) await view.news(left(), signal);
  }
}
