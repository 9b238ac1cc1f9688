import { expect, test } from "@jest/globals";
import { lastLines, restarted } from "./explain.ts";

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

test("a log that is gone for a moment is read anew; one that stays away is said to be", async () => {
  let calls = 0;
  const previous = async () => {
    calls += 1;
    if (calls === 1) throw new Error("previous terminated container not found");
    return calls === 2 ? "unable to retrieve container logs for containerd://1" : "Cannot find module";
  };
  expect(await lastLines([previous, async () => ""])).toBe("Cannot find module");
  expect(await lastLines([async () => ""], 1)).toBe("its log cannot be read");
});
