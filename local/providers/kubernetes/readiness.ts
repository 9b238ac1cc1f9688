import { isMap, listAt, mapAt, numberAt, type Props, stringAt } from "../lib/values.ts";
import { apiVersionOf, kindOf } from "./identity.ts";
import { groupOf } from "./kinds.ts";

/** What is known about an object at one moment; the judges below are pure functions of it. */
export interface Moment {
  object: Props;
  /** Objects of other kinds that belong to it, by kind, for a judge that names them in `needs`. */
  related: { [kind in Related]?: Props[] };
  /** Milliseconds since the related objects last changed; infinite where only this moment counts. */
  settledMs: number;
}
export type Related = "ReplicaSet" | "PersistentVolumeClaim" | "EndpointSlice" | "StorageClass";

/** Ready, or what is still missing. `failed` ends the wait at once. */
export interface Verdict {
  ready: boolean;
  failed?: boolean;
  pending: string[];
}

export interface Judge {
  /** Seconds to wait when neither customTimeouts nor the annotation say otherwise. @default 600 */
  timeoutSeconds?: number;
  needs?: Related[];
  /** Whether pods made for the object explain why it is not ready. */
  hasPods?: boolean;
  /** Whether a refresh looks at readiness too. */
  onRead: boolean;
  judge(moment: Moment): Verdict;
  /** Whether what is there at the end of the wait is good enough after all. */
  acceptAtTimeout?(moment: Moment): boolean;
}

const READY: Verdict = { ready: true, pending: [] };
const wait = (...pending: string[]): Verdict => ({ ready: false, pending });
/** Ready when every check holds; each is written as what is missing while it does not. */
function all(checks: [boolean, string][]): Verdict {
  const pending = checks.filter(([holds]) => !holds).map(([, text]) => text);
  return pending.length === 0 ? READY : wait(...pending);
}

export function condition(object: Props, type: string): Props | undefined {
  return listAt(object, "status", "conditions")
    .filter(isMap)
    .find((entry) => entry.type === type);
}
const holds = (object: Props, type: string): boolean => condition(object, type)?.status === "True";
const count = (object: Props, ...path: string[]): number => numberAt(object, ...path) ?? 0;
const phase = (object: Props): string => stringAt(object, "status", "phase") ?? "";

/** The controller has seen the object as it is now. */
function observed(object: Props): boolean {
  return count(object, "status", "observedGeneration") >= count(object, "metadata", "generation");
}

/** A Service settles when its endpoints have not changed for this long. */
const SETTLE_MS = 10_000;
const REVISION = "deployment.kubernetes.io/revision";
const revisionOf = (object: Props): string | undefined => stringAt(object, "metadata", "annotations", REVISION);

function deployment({ object, related }: Moment): Verdict {
  if (!observed(object)) return wait("Waiting for the controller to see the Deployment");
  const revision = revisionOf(object);
  const current = related.ReplicaSet?.find((set) => revisionOf(set) === revision);
  const [readyCount, wanted] = [
    count(current ?? {}, "status", "readyReplicas"),
    count(current ?? {}, "spec", "replicas"),
  ];
  const progressing = condition(object, "Progressing");
  const rolledOut = progressing?.status === "True" && progressing.reason === "NewReplicaSetAvailable";
  const unbound = (related.PersistentVolumeClaim ?? []).filter((claim) => phase(claim) !== "Bound");
  const late = progressing?.reason === "ProgressDeadlineExceeded" ? ` (${progressing.message})` : "";
  return all([
    [revision !== undefined && current !== undefined, "Waiting for the ReplicaSet of this revision"],
    [readyCount >= wanted, `${readyCount} of ${wanted} pods of this revision are ready${late}`],
    [holds(object, "Available"), `The Deployment is not available: ${conditionText(object, "Available")}`],
    [revision === "1" || rolledOut, `The rollout is not finished: ${conditionText(object, "Progressing")}`],
    ...unbound.map((claim): [boolean, string] => [
      false,
      `PersistentVolumeClaim ${stringAt(claim, "metadata", "name")} is not bound`,
    ]),
  ]);
}

function conditionText(object: Props, type: string): string {
  const found = condition(object, type);
  return found ? `${found.reason ?? ""} ${found.message ?? ""}`.trim() : `no condition ${type} yet`;
}

function statefulSet({ object }: Moment): Verdict {
  if (!observed(object)) return wait("Waiting for the controller to see the StatefulSet");
  const wanted = count(object, "spec", "replicas");
  const status = (key: string) => count(object, "status", key);
  const checks: [boolean, string][] = [
    [status("replicas") === wanted, `${status("replicas")} of ${wanted} pods exist`],
    [status("readyReplicas") === wanted, `${status("readyReplicas")} of ${wanted} pods are ready`],
  ];
  const onDelete = stringAt(object, "spec", "updateStrategy", "type") === "OnDelete";
  if (onDelete && count(object, "metadata", "generation") > 1) return all(checks);
  const partition = count(object, "spec", "updateStrategy", "rollingUpdate", "partition");
  if (partition > 0) {
    const due = Math.max(0, wanted - partition);
    return all([
      ...checks,
      [status("updatedReplicas") >= due, `${status("updatedReplicas")} of ${due} pods are updated`],
    ]);
  }
  const [current, update] = [
    stringAt(object, "status", "currentRevision"),
    stringAt(object, "status", "updateRevision"),
  ];
  return all([
    ...checks,
    [!!current && current === update, `Rolling from revision ${current ?? "none"} to ${update ?? "none"}`],
    [
      status("currentReplicas") === wanted,
      `${status("currentReplicas")} of ${wanted} pods are of the current revision`,
    ],
  ]);
}

function daemonSet({ object }: Moment): Verdict {
  if (!observed(object) || numberAt(object, "status", "desiredNumberScheduled") === undefined) {
    return wait("Waiting for the controller to see the DaemonSet");
  }
  const wanted = count(object, "status", "desiredNumberScheduled");
  const parts = {
    currentNumberScheduled: "scheduled",
    updatedNumberScheduled: "updated",
    numberAvailable: "available",
    numberReady: "ready",
  };
  return all(
    Object.entries(parts).map(([key, word]) => {
      const have = count(object, "status", key);
      return [have >= wanted, `${have} of ${wanted} pods are ${word}`];
    }),
  );
}

function needsEndpoints(service: Props): boolean {
  const selector = mapAt(service, "spec", "selector");
  const headless = stringAt(service, "spec", "clusterIP") === "None";
  return Object.keys(selector).length > 0 && !headless && stringAt(service, "spec", "type") !== "ExternalName";
}

function hasIngress(object: Props): boolean {
  return listAt(object, "status", "loadBalancer", "ingress").length > 0;
}

function endpointCounts(slices: Props[]): { ready: number; notReady: number } {
  const endpoints = slices.flatMap((slice) => listAt(slice, "endpoints")).filter(isMap);
  const notReady = endpoints.filter((endpoint) => mapAt(endpoint, "conditions").ready === false).length;
  return { ready: endpoints.length - notReady, notReady };
}

function service({ object, related, settledMs }: Moment): Verdict {
  const balanced = stringAt(object, "spec", "type") !== "LoadBalancer" || hasIngress(object);
  if (!balanced) return wait("Waiting for the load balancer's address");
  if (!needsEndpoints(object)) return READY;
  const { ready, notReady } = endpointCounts(related.EndpointSlice ?? []);
  // A Service may well come before its pods: none at all is fine once that has not changed for a while.
  return all([
    [notReady === 0, `${notReady} of ${ready + notReady} endpoints are not ready`],
    [ready > 0 || settledMs >= SETTLE_MS, "Waiting to see whether pods come up behind the Service"],
  ]);
}

function job({ object }: Moment): Verdict {
  const failure = condition(object, "Failed");
  if (failure?.status === "True") {
    return { ready: false, failed: true, pending: [`The Job failed: ${conditionText(object, "Failed")}`] };
  }
  const { active, succeeded, failed } = mapAt(object, "status");
  const counts = `${active ?? 0} active, ${succeeded ?? 0} succeeded, ${failed ?? 0} failed`;
  return all([
    [stringAt(object, "status", "startTime") !== undefined, "The Job has not started"],
    [holds(object, "Complete"), `The Job is not complete: ${counts}`],
  ]);
}

function pod({ object }: Moment): Verdict {
  if (phase(object) === "Succeeded") return READY;
  const types = ["PodScheduled", "Initialized", "Ready"];
  const verdict = all(
    types.map((type) => [holds(object, type), `${type} is not true: ${conditionText(object, type)}`]),
  );
  return phase(object) === "Failed" ? { ...verdict, ready: false, failed: true } : verdict;
}

const DEFAULT_CLASS = "storageclass.kubernetes.io/is-default-class";
function claim({ object, related }: Moment): Verdict {
  if (phase(object) === "Bound") return READY;
  const name = stringAt(object, "spec", "storageClassName");
  const classes = related.StorageClass ?? [];
  const storageClass = classes.find((entry) =>
    name
      ? stringAt(entry, "metadata", "name") === name
      : stringAt(entry, "metadata", "annotations", DEFAULT_CLASS) === "true",
  );
  const late = storageClass?.volumeBindingMode === "WaitForFirstConsumer";
  return late && phase(object) === "Pending" ? READY : wait(`The claim is ${phase(object) || "new"}, not Bound`);
}

function volume({ object }: Moment): Verdict {
  return ["Available", "Bound"].includes(phase(object))
    ? READY
    : wait(`The volume is ${phase(object) || "new"}, not Available or Bound`);
}

function quota({ object }: Moment): Verdict {
  const [wanted, seen] = [mapAt(object, "spec", "hard"), mapAt(object, "status", "hard")];
  return all([[JSON.stringify(wanted) === JSON.stringify(seen), "Waiting for the quota controller"]]);
}

function ingress({ object }: Moment): Verdict {
  return hasIngress(object) ? READY : wait("Waiting for the ingress controller to give an address");
}

function tokenSecret({ object }: Moment): Verdict {
  const needsToken = object.type === "kubernetes.io/service-account-token";
  return !needsToken || stringAt(object, "data", "token")
    ? READY
    : wait("Waiting for the token of the service account");
}

/** Zero endpoints that keep changing are as good as none. */
const noneUnready = ({ object, related }: Moment): boolean =>
  service({ object, related, settledMs: Number.POSITIVE_INFINITY }).ready;

const JUDGES: { [groupKind: string]: Judge } = {
  "apps/Deployment": { needs: ["ReplicaSet", "PersistentVolumeClaim"], hasPods: true, onRead: true, judge: deployment },
  "apps/StatefulSet": { hasPods: true, onRead: true, judge: statefulSet },
  "apps/DaemonSet": { hasPods: true, onRead: true, judge: daemonSet },
  "batch/Job": { hasPods: true, onRead: true, judge: job },
  "/Pod": { hasPods: true, onRead: true, judge: pod },
  "/Service": { needs: ["EndpointSlice"], onRead: true, judge: service, acceptAtTimeout: noneUnready },
  "networking.k8s.io/Ingress": { onRead: true, judge: ingress },
  "/PersistentVolumeClaim": { timeoutSeconds: 300, needs: ["StorageClass"], onRead: false, judge: claim },
  "/PersistentVolume": { timeoutSeconds: 300, onRead: false, judge: volume },
  "/ResourceQuota": { timeoutSeconds: 60, onRead: false, judge: quota },
  "/Secret": { timeoutSeconds: 5, onRead: false, judge: tokenSecret },
};

/** How to tell that an object is ready; undefined for kinds that are as soon as they exist. */
export const judgeFor = (object: Props): Judge | undefined =>
  JUDGES[`${groupOf(apiVersionOf(object))}/${kindOf(object)}`];
