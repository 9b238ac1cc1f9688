import { mapAt, numberAt, type Props, stringAt } from "../lib/values.ts";
import { apiVersionOf, kindOf } from "./identity.ts";
import { groupOf } from "./kinds.ts";
import { ingress, noneUnready, service } from "./network.ts";
import { all, condition, count, holds, type Judge, type Moment, phase, READY, type Verdict, wait } from "./verdict.ts";

/** The controller has seen the object as it is now. */
function observed(object: Props): boolean {
  return count(object, "status", "observedGeneration") >= count(object, "metadata", "generation");
}

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
  const asked = count(object, "spec", "replicas");
  const progressing = condition(object, "Progressing");
  const rolledOut = progressing?.status === "True" && progressing.reason === "NewReplicaSetAvailable";
  const unbound = (related.PersistentVolumeClaim ?? []).filter((claim) => phase(claim) !== "Bound");
  const late = progressing?.reason === "ProgressDeadlineExceeded" ? ` (${progressing.message})` : "";
  return all([
    [revision !== undefined && current !== undefined, "Waiting for the ReplicaSet of this revision"],
    // With strategy Recreate the old ReplicaSet is scaled to nothing before there is a new revision: that is not "all are ready".
    [
      wanted >= asked,
      `The ReplicaSet of this revision is to have ${wanted} pods, of ${asked} that the Deployment asks for`,
    ],
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

function tokenSecret({ object }: Moment): Verdict {
  const needsToken = object.type === "kubernetes.io/service-account-token";
  return !needsToken || stringAt(object, "data", "token")
    ? READY
    : wait("Waiting for the token of the service account");
}

const JUDGES: { [groupKind: string]: Judge } = {
  "apps/Deployment": { needs: ["ReplicaSet", "PersistentVolumeClaim"], hasPods: true, onRead: true, judge: deployment },
  "apps/StatefulSet": { hasPods: true, onRead: true, judge: statefulSet },
  "apps/DaemonSet": { hasPods: true, onRead: true, judge: daemonSet },
  "batch/Job": { hasPods: true, onRead: true, judge: job },
  "/Pod": { hasPods: true, onRead: true, judge: pod },
  "/Service": { needs: ["EndpointSlice"], onRead: true, judge: service, acceptAtTimeout: noneUnready },
  "networking.k8s.io/Ingress": { needs: ["EndpointSlice"], onRead: true, judge: ingress },
  "/PersistentVolumeClaim": { timeoutSeconds: 300, needs: ["StorageClass"], onRead: false, judge: claim },
  "/PersistentVolume": { timeoutSeconds: 300, onRead: false, judge: volume },
  "/ResourceQuota": { timeoutSeconds: 60, onRead: false, judge: quota },
  "/Secret": { timeoutSeconds: 5, onRead: false, judge: tokenSecret },
};

/** How to tell that an object is ready; undefined for kinds that are as soon as they exist. */
export const judgeFor = (object: Props): Judge | undefined =>
  JUDGES[`${groupOf(apiVersionOf(object))}/${kindOf(object)}`];
