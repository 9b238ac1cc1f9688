import { afterEach, describe, expect, test } from "@jest/globals";
import type { Props } from "../lib/values.ts";
import { chooseJudge } from "./await.ts";
import { KSTATUS } from "./kstatus.ts";

const verdict = (object: Props) => KSTATUS.judge({ object, related: {}, settledMs: 0 });
const conditions = (...entries: [string, string][]): Props => ({
  status: { conditions: entries.map(([type, status]) => ({ type, status, reason: "R", message: "" })) },
});

describe("kstatus", () => {
  test.each<[string, Props, boolean]>([
    ["an object without a status", {}, true],
    ["the seen generation", { metadata: { generation: 2 }, status: { observedGeneration: 2 } }, true],
    ["a stale status", { metadata: { generation: 2 }, status: { observedGeneration: 1 } }, false],
    ["Ready is true", conditions(["Ready", "True"]), true],
    ["Ready is false", conditions(["Ready", "False"]), false],
    ["Ready is unknown", conditions(["Ready", "Unknown"]), false],
    ["another condition", conditions(["Degraded", "False"]), true],
    ["reconciling", conditions(["Ready", "True"], ["Reconciling", "True"]), false],
    ["no longer reconciling", conditions(["Reconciling", "False"]), true],
    ["being deleted", { metadata: { deletionTimestamp: "2026-01-01T00:00:00Z" } }, false],
  ])("%s", (_, object, expected) => {
    expect(verdict(object).ready).toBe(expected);
    expect(verdict(object).failed ?? false).toBe(false);
  });

  test("a stalled object ends the wait at once", () => {
    expect(verdict(conditions(["Stalled", "True"]))).toMatchObject({ ready: false, failed: true });
  });
});

describe("PULUMI_K8S_AWAIT_ALL", () => {
  const film: Props = { apiVersion: "example.org/v1", kind: "Film" };
  afterEach(() => {
    delete process.env.PULUMI_K8S_AWAIT_ALL;
  });

  test("kinds without a judge are waited for when it is true, and only then", () => {
    expect(chooseJudge({}, film)).toBeUndefined();
    process.env.PULUMI_K8S_AWAIT_ALL = "false";
    expect(chooseJudge({}, film)).toBeUndefined();
    process.env.PULUMI_K8S_AWAIT_ALL = "true";
    expect(chooseJudge({}, film)).toBe(KSTATUS);
    expect(chooseJudge({}, { apiVersion: "v1", kind: "Pod" })).not.toBe(KSTATUS);
    expect(chooseJudge({ metadata: { annotations: { "pulumi.com/skipAwait": "true" } } }, film)).toBeUndefined();
  });
});
