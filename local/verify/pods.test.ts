import { expect, test } from "@jest/globals";
import { type PodState, unready } from "./pods.ts";

const pod = (name: string, phase: string, ready?: "True" | "False", message?: string): PodState => ({
  metadata: { name },
  status: { phase, conditions: ready ? [{ type: "Ready", status: ready, ...(message && { message }) }] : [] },
});

test("a pod is named as long as it is not ready, with the cluster's reason", () => {
  const waiting = pod("api-1", "Running", "False", "containers with unready status: [api]");
  expect(unready([waiting, pod("worker-1", "Pending"), pod("redis-1", "Running", "True")])).toEqual([
    "api-1 is containers with unready status: [api]",
    "worker-1 is Pending",
  ]);
});

test("a job's pod that has ended is not waited for", () => {
  expect(unready([pod("prober-1", "Succeeded", "False"), pod("prober-2", "Failed", "False")])).toEqual([]);
});
