import { isMap, listAt, mapAt, numberAt, type Props, stringAt } from "../lib/values.ts";
import type { Client } from "./client.ts";
import { nameOf, namespaceOf } from "./identity.ts";
import { podsOf } from "./related.ts";
import { condition } from "./verdict.ts";

const LOG_LINES = 15;
/** One sick pod tells the story; ten of them hide it. */
const PODS_SHOWN = 3;
const EVENTS_SHOWN = 5;

/** A container that keeps its pod from being ready, and why. */
export interface SickContainer {
  pod: string;
  container: string;
  reason: string;
  /** Which run has something to tell: the one under way, or the one that died. */
  logs: "current" | "previous" | "none";
}

/** Why pods are not ready, as far as their own status tells. */
export function sickContainers(pods: Props[]): SickContainer[] {
  return pods.filter((pod) => condition(pod, "Ready")?.status !== "True").flatMap(sickOf);
}

function sickOf(pod: Props): SickContainer[] {
  const name = nameOf(pod) ?? "";
  if (stringAt(pod, "status", "phase") === "Succeeded") return [];
  const statuses = ["initContainerStatuses", "containerStatuses"]
    .flatMap((key) => listAt(pod, "status", key))
    .filter(isMap);
  return statuses.flatMap((status) => {
    const told = tell(status);
    return told ? [{ pod: name, container: stringAt(status, "name") ?? "", ...told }] : [];
  });
}

function tell(status: Props): Pick<SickContainer, "reason" | "logs"> | undefined {
  const waiting = mapAt(status, "state", "waiting");
  const ended = mapAt(status, "state", "terminated");
  const last = mapAt(status, "lastState", "terminated");
  const died = last.exitCode === undefined ? "" : `; it last ended with ${exitText(last)}`;
  if (waiting.reason !== undefined) {
    // Nothing is wrong yet with a container whose turn has not come.
    if (["ContainerCreating", "PodInitializing"].includes(String(waiting.reason)) && !waiting.message) return undefined;
    const reason = [waiting.reason, waiting.message].filter(Boolean).join(": ");
    return { reason: `${reason}${died}`, logs: died ? "previous" : "none" };
  }
  if (ended.exitCode !== undefined && ended.exitCode !== 0)
    return { reason: `ended with ${exitText(ended)}`, logs: "current" };
  if (status.ready === false && isMap(mapAt(status, "state").running)) {
    const restarts = numberAt(status, "restartCount") ?? 0;
    return { reason: `runs but is not ready (${restarts} restarts)${died}`, logs: "current" };
  }
  return undefined;
}

function exitText(terminated: Props): string {
  const reason = terminated.reason ? ` (${terminated.reason})` : "";
  return `exit code ${terminated.exitCode}${reason}${terminated.message ? `: ${terminated.message}` : ""}`;
}

/** One line for the status column while waiting. */
export function sickSummary(pods: Props[]): string | undefined {
  const sick = sickContainers(pods)[0];
  return sick ? `${sick.pod}: container "${sick.container}" ${sick.reason}` : unscheduled(pods)[0];
}

function unscheduled(pods: Props[]): string[] {
  return pods.flatMap((pod) => {
    const scheduled = condition(pod, "PodScheduled");
    return scheduled?.status === "False"
      ? [`Pod ${nameOf(pod)} is not scheduled: ${scheduled.message ?? scheduled.reason}`]
      : [];
  });
}

/** Everything that can be said about why an object is not ready: its pods, their last log lines, warnings. */
export async function explain(client: Client, object: Props, related: Props[], hasPods: boolean): Promise<string[]> {
  const pods = hasPods ? await podsOf(client, object) : [];
  const sick = sickContainers(pods).slice(0, PODS_SHOWN);
  const containers = await Promise.all(
    sick.map(async (entry) => {
      const reason = `Pod ${entry.pod}: container "${entry.container}" ${entry.reason}`;
      const lines = await lastLines(client, namespaceOf(object), entry);
      return lines ? `${reason}\n  last log lines:\n${lines}` : reason;
    }),
  );
  const warnings = await warningEvents(client, namespaceOf(object), [object, ...related, ...pods]);
  return [...unscheduled(pods).slice(0, PODS_SHOWN), ...containers, ...warnings];
}

async function lastLines(
  client: Client,
  namespace: string | undefined,
  sick: SickContainer,
): Promise<string | undefined> {
  if (sick.logs === "none") return undefined;
  try {
    const path = `${await client.path("v1", "Pod", namespace, sick.pod)}/log`;
    const previous = sick.logs === "previous" ? "true" : undefined;
    const text = await client.text("GET", path, {
      query: { container: sick.container, tailLines: String(LOG_LINES), previous },
    });
    return text
      .trimEnd()
      .split("\n")
      .map((line) => `    ${line}`)
      .join("\n");
  } catch (error) {
    return `    (no log: ${(error as Error).message})`;
  }
}

/** Warnings about these objects; the newest come last. A ReplicaSet that may not make pods is only known from here. */
async function warningEvents(client: Client, namespace = "default", objects: Props[]): Promise<string[]> {
  const uids = objects.map((entry) => stringAt(entry, "metadata", "uid"));
  const events = await client.list("v1", "Event", namespace, { fieldSelector: "type=Warning" });
  const about = events.filter((event) => uids.includes(stringAt(event, "involvedObject", "uid")));
  const texts = about.map(
    (event) => `Warning ${event.reason} on ${stringAt(event, "involvedObject", "name")}: ${event.message}`,
  );
  return [...new Set(texts)].slice(-EVENTS_SHOWN);
}
