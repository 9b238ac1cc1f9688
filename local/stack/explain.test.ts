import { expect, test } from "@jest/globals";
import { restarted } from "./explain.ts";

const pod = (ready: boolean, restartCount: number, reason?: string) => ({
  metadata: { name: "api-1" },
  status: { containerStatuses: [{ name: "api", ready, restartCount, state: reason ? { waiting: { reason } } : {} }] },
});

test("a container that ended and is not ready is explained, by the reason that Kubernetes gives", () => {
  expect(restarted([pod(false, 2, "CrashLoopBackOff")])).toEqual([
    { pod: "api-1", container: "api", reason: "CrashLoopBackOff" },
  ]);
});

test("negative controls: one that is ready, and one that still starts, are not", () => {
  expect(restarted([pod(true, 2), pod(false, 0), { metadata: { name: "pending" } }])).toEqual([]);
});
