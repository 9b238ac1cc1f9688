import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { completionScript } from "./completion.ts";
import { linesOf } from "./status.ts";
import { evidenceOf, podFrom } from "./status-sources.ts";

const pod = (phase: string, ready: boolean[], more: object = {}, reason?: string) =>
  podFrom({
    metadata: { namespace: "media-dev", name: "api-1", labels: { "app.kubernetes.io/name": "api" }, ...more },
    status: {
      phase,
      containerStatuses: ready.map((one) => ({ ready: one, state: reason ? { waiting: { reason } } : {} })),
    },
  });

test.each([
  ["ready", pod("Running", [true, true]), "Running", true],
  ["one container not ready", pod("Running", [true, false]), "Running, not ready", false],
  ["an image that cannot be pulled", pod("Pending", [false], {}, "ImagePullBackOff"), "ImagePullBackOff", false],
  ["on its way out", pod("Running", [true], { deletionTimestamp: "now" }), "Terminating", false],
  ["not started", pod("Pending", []), "Pending", false],
])("a pod that is %s", (_name, found, state, isWell) => {
  expect(found).toMatchObject({ component: "api", state, isWell });
});

const glance = { addresses: { gatewayUrl: "https://a" }, availability: "a", backup: "b", drill: "d" };

test("what is not well comes first, by name; what is well is counted", () => {
  const pods = [pod("Running", [true]), pod("Running", [true]), pod("Running", [false])];
  const text = linesOf("dev", { ...glance, pods, alerts: ["ServiceDown (critical)"] }).join("\n");
  expect(text).toContain("not well:\n    media-dev/api-1: Running, not ready");
  expect(text).toContain("ServiceDown (critical)");
  expect(text).toContain("gateway https://a");
  expect(text).toContain("api 2");
});

test("the control: with all well it says so", () => {
  const text = linesOf("dev", { ...glance, pods: [pod("Running", [true])], alerts: [] }).join("\n");
  expect(text).toContain("not well: nothing");
  expect(text).toContain("alerts: none is firing");
});

test("the newest drill of this stack is found, and no other's", async () => {
  const folder = mkdtempSync(join(tmpdir(), "media-evidence-"));
  const drill = (stack: string, startedAt: string, passed: boolean) =>
    JSON.stringify({ kind: "recreate", stack, startedAt, passed });
  writeFileSync(join(folder, "1.json"), drill("dev", "2026-01-01", true));
  writeFileSync(join(folder, "2.json"), drill("dev", "2026-01-02", false));
  writeFileSync(join(folder, "3.json"), drill("prod", "2026-01-03", true));
  writeFileSync(join(folder, "4.json"), "cut o");
  expect(await evidenceOf("dev", folder)).toBe("recreate of 2026-01-02: failed");
  expect(await evidenceOf("dr", folder)).toContain("none");
  rmSync(folder, { recursive: true });
});

test("completion knows every verb that the Makefile has, and the values of variables", () => {
  const script = completionScript("up: x ## Bring up\nhidden: y\nopen: ## Open\n");
  expect(script).toContain('"up open"');
  expect(script).not.toContain("hidden");
  expect(script).toMatch(/STACK=\*\).*base dev staging perf prod dr/);
});
