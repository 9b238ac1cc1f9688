import { expect, test } from "@jest/globals";
import { type PodState, unready } from "./pods.ts";

const pod = (name: string, phase: string, ready?: "True" | "False", message?: string): PodState => ({
  metadata: { name },
  status: { phase, conditions: ready ? [{ type: "Ready", status: ready, ...(message && { message }) }] : [] },
});

test("a pod that is not ready is named with the reason of the cluster", () => {
  const waiting = pod("api-1", "Running", "False", "containers with unready status: [api]");
  expect(unready([waiting, pod("worker-1", "Pending"), pod("redis-1", "Running", "True")])).toEqual([
    "api-1 is containers with unready status: [api]",
    "worker-1 is Pending",
  ]);
});

test("the pod of a finished job is not waited for", () => {
  expect(unready([pod("prober-1", "Succeeded", "False"), pod("prober-2", "Failed", "False")])).toEqual([]);
});
