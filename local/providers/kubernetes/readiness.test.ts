import { describe, expect, test } from "@jest/globals";
import type { Props } from "../lib/values.ts";
import { judgeFor } from "./readiness.ts";
import type { Moment } from "./verdict.ts";

const GROUP: { [kind: string]: string } = {
  Deployment: "apps/v1",
  StatefulSet: "apps/v1",
  DaemonSet: "apps/v1",
  Job: "batch/v1",
};
const condition = (type: string, status = "True", reason = ""): Props => ({ type, status, reason, message: "" });

function judge(kind: string, parts: Props, related: Moment["related"] = {}, settledMs = 0) {
  const object = { apiVersion: GROUP[kind] ?? "v1", kind, ...parts };
  const verdict = judgeFor(object)?.judge({ object, related, settledMs });
  return verdict?.failed ? "failed" : (verdict?.ready ?? "no wait");
}

const REVISION = "deployment.kubernetes.io/revision";
const deployment = (revision: string, conditions: Props[], observedGeneration = 2): Props => ({
  metadata: { generation: 2, annotations: { [REVISION]: revision } },
  spec: { replicas: 2 },
  status: { observedGeneration, conditions },
});
const replicaSet = (revision: string, replicas: number, readyReplicas: number): Props => ({
  metadata: { annotations: { [REVISION]: revision } },
  spec: { replicas },
  status: { readyReplicas },
});
const AVAILABLE = condition("Available");
const ROLLED_OUT = condition("Progressing", "True", "NewReplicaSetAvailable");
const ROLLING = condition("Progressing", "True", "ReplicaSetUpdated");

describe("Deployment", () => {
  test.each([
    ["first revision up", deployment("1", [AVAILABLE]), [replicaSet("1", 2, 2)], true],
    ["a stale status", deployment("1", [AVAILABLE], 1), [replicaSet("1", 2, 2)], false],
    ["too few ready", deployment("1", [AVAILABLE]), [replicaSet("1", 2, 1)], false],
    [
      "only the old revision ready",
      deployment("2", [AVAILABLE, ROLLING]),
      [replicaSet("1", 2, 2), replicaSet("2", 1, 0)],
      false,
    ],
    ["new ready, rollout unfinished", deployment("2", [AVAILABLE, ROLLING]), [replicaSet("2", 2, 2)], false],
    ["rolled out", deployment("2", [AVAILABLE, ROLLED_OUT]), [replicaSet("2", 2, 2)], true],
    ["not available", deployment("1", [condition("Available", "False")]), [replicaSet("1", 2, 2)], false],
    ["no replicas wanted", { ...deployment("1", [AVAILABLE]), spec: { replicas: 0 } }, [replicaSet("1", 0, 0)], true],
    [
      "recreated: the old ReplicaSet is scaled down, the new is not made yet",
      deployment("1", [AVAILABLE]),
      [replicaSet("1", 0, 0)],
      false,
    ],
    ["no ReplicaSet yet", deployment("1", [AVAILABLE]), [], false],
  ])("%s", (_, object, sets, expected) => {
    expect(judge("Deployment", object, { ReplicaSet: sets })).toBe(expected);
  });

  test("an unbound claim keeps it waiting", () => {
    const related = {
      ReplicaSet: [replicaSet("1", 2, 2)],
      PersistentVolumeClaim: [{ metadata: { name: "c" }, status: { phase: "Pending" } }],
    };
    expect(judge("Deployment", deployment("1", [AVAILABLE]), related)).toBe(false);
  });
});

const setStatus = {
  observedGeneration: 1,
  replicas: 2,
  readyReplicas: 2,
  currentReplicas: 2,
  currentRevision: "a",
  updateRevision: "a",
};
const statefulSet = (status: Props, spec: Props = {}, generation = 1): Props => ({
  metadata: { generation },
  spec: { replicas: 2, ...spec },
  status: { ...setStatus, observedGeneration: generation, ...status },
});
const PARTITION = { updateStrategy: { rollingUpdate: { partition: 1 } } };

describe("StatefulSet", () => {
  test.each([
    ["up", statefulSet({}), true],
    ["rolling", statefulSet({ updateRevision: "b" }), false],
    ["one not ready", statefulSet({ readyReplicas: 1 }), false],
    ["scaling down", statefulSet({ replicas: 3 }), false],
    ["no revision yet", statefulSet({ currentRevision: "", updateRevision: "" }), false],
    ["unseen", { ...statefulSet({}), metadata: { generation: 2 } }, false],
    [
      "OnDelete after the first",
      statefulSet({ updateRevision: "b" }, { updateStrategy: { type: "OnDelete" } }, 2),
      true,
    ],
    ["a partition rolled out", statefulSet({ updateRevision: "b", updatedReplicas: 1 }, PARTITION), true],
    ["a partition rolling", statefulSet({ updateRevision: "b", updatedReplicas: 0 }, PARTITION), false],
  ])("%s", (_, object, expected) => {
    expect(judge("StatefulSet", object)).toBe(expected);
  });
});

const daemonSet = (status: Props): Props => ({
  metadata: { generation: 1 },
  status: { observedGeneration: 1, ...status },
});
const everywhere = {
  desiredNumberScheduled: 1,
  currentNumberScheduled: 1,
  updatedNumberScheduled: 1,
  numberAvailable: 1,
  numberReady: 1,
};
const slice = (...ready: boolean[]): Props => ({ endpoints: ready.map((is) => ({ conditions: { ready: is } })) });
const SELECTED = { spec: { selector: { a: "b" }, clusterIP: "10.0.0.1" } };

describe("other kinds", () => {
  test.each([
    ["DaemonSet", daemonSet(everywhere), {}, 0, true],
    ["DaemonSet", daemonSet({ ...everywhere, updatedNumberScheduled: 0 }), {}, 0, false],
    ["DaemonSet", daemonSet({}), {}, 0, false],
    ["Job", { status: { startTime: "t", conditions: [condition("Complete")] } }, {}, 0, true],
    ["Job", { status: { startTime: "t", active: 1 } }, {}, 0, false],
    [
      "Job",
      { status: { startTime: "t", conditions: [condition("Failed", "True", "BackoffLimitExceeded")] } },
      {},
      0,
      "failed",
    ],
    ["Pod", { status: { phase: "Succeeded" } }, {}, 0, true],
    [
      "Pod",
      { status: { conditions: ["PodScheduled", "Initialized", "Ready"].map((type) => condition(type)) } },
      {},
      0,
      true,
    ],
    [
      "Pod",
      { status: { phase: "Running", conditions: [condition("PodScheduled"), condition("Ready", "False")] } },
      {},
      0,
      false,
    ],
    ["Pod", { status: { phase: "Failed" } }, {}, 0, "failed"],
    ["Service", { spec: { type: "ExternalName" } }, {}, 0, true],
    ["Service", { spec: { selector: { a: "b" }, clusterIP: "None" } }, {}, 0, true],
    ["Service", { spec: {} }, {}, 0, true],
    ["Service", SELECTED, { EndpointSlice: [slice(true)] }, 0, true],
    ["Service", SELECTED, { EndpointSlice: [slice(true, false)] }, 60_000, false],
    ["Service", SELECTED, { EndpointSlice: [] }, 1000, false],
    ["Service", SELECTED, { EndpointSlice: [] }, 10_000, true],
    ["Service", { spec: { type: "LoadBalancer" } }, {}, 60_000, false],
    [
      "Service",
      { spec: { type: "LoadBalancer" }, status: { loadBalancer: { ingress: [{ ip: "1.2.3.4" }] } } },
      {},
      0,
      true,
    ],
    ["PersistentVolumeClaim", { status: { phase: "Bound" } }, {}, 0, true],
    ["PersistentVolumeClaim", { status: { phase: "Pending" } }, { StorageClass: [] }, 0, false],
    ["ConfigMap", {}, {}, 0, "no wait"],
    ["Namespace", {}, {}, 0, "no wait"],
  ])("%s %j", (kind, parts, related, settledMs, expected) => {
    expect(judge(kind, parts as Props, related, settledMs)).toBe(expected);
  });

  test.each([
    ["its class", { storageClassName: "late" }, true],
    ["the default class", {}, false],
  ])("a pending claim that waits for its first pod, by %s", (_, spec, expected) => {
    const classes = [
      { metadata: { name: "late" }, volumeBindingMode: "WaitForFirstConsumer" },
      {
        metadata: { name: "d", annotations: { "storageclass.kubernetes.io/is-default-class": "true" } },
        volumeBindingMode: "Immediate",
      },
    ];
    expect(judge("PersistentVolumeClaim", { spec, status: { phase: "Pending" } }, { StorageClass: classes })).toBe(
      expected,
    );
  });
});
