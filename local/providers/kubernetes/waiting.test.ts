import { describe, expect, test } from "@jest/globals";
import type { Props } from "../lib/values.ts";
import { chooseJudge, timeoutSeconds } from "./await.ts";
import { sickContainers } from "./explain.ts";
import { judgeFor } from "./readiness.ts";
import { selectorText } from "./related.ts";
import { waitForJudge } from "./waitfor.ts";

const condition = (type: string, status = "True", reason = ""): Props => ({ type, status, reason, message: "" });

describe("pulumi.com/waitFor", () => {
  const object = (status: Props): Props => ({ metadata: { generation: 2 }, status });
  test.each([
    ["jsonpath={.status.phase}=Running", { phase: "Running" }, true],
    ["jsonpath={.status.phase}=Running", { phase: "Pending" }, false],
    ["jsonpath={.status.ip}", {}, false],
    ["jsonpath=.status.ips[0]=x", { ips: ["x"] }, true],
    ["jsonpath={.status.n}=3", { n: 3 }, true],
    ["condition=ready", { conditions: [condition("Ready")] }, true],
    ["condition=Ready=False", { conditions: [condition("Ready")] }, false],
    ["condition=Ready", { conditions: [{ ...condition("Ready"), observedGeneration: 1 }] }, false],
    ['["condition=A", "condition=B"]', { conditions: [condition("A")] }, false],
    ['["condition=A", "condition=B"]', { conditions: [condition("A"), condition("B")] }, true],
  ])("%s of %j", (text, status, expected) => {
    expect(waitForJudge(text).judge({ object: object(status as Props), related: {}, settledMs: 0 }).ready).toBe(
      expected,
    );
  });

  test.each(["", "phase=Running", "[]", "[1]", "jsonpath={.a[*]}"])("%j cannot be read", (text) => {
    expect(() => waitForJudge(text)).toThrow("pulumi.com/waitFor");
  });
});

describe("whether and how long to wait", () => {
  const annotated = (annotations: Props): Props => ({ apiVersion: "v1", kind: "Pod", metadata: { annotations } });
  test("customTimeouts, then the annotation, then the kind", () => {
    const inputs = annotated({ "pulumi.com/timeoutSeconds": "7" });
    expect([timeoutSeconds(inputs, undefined, 3), timeoutSeconds(inputs, undefined, 0)]).toEqual([3, 7]);
    expect(timeoutSeconds({}, judgeFor({ apiVersion: "v1", kind: "PersistentVolumeClaim" }), 0)).toBe(300);
    expect(timeoutSeconds({}, undefined, 0)).toBe(600);
  });
  test("skipAwait ends the question", () => {
    const inputs = annotated({ "pulumi.com/skipAwait": "true" });
    expect(chooseJudge(inputs, inputs)).toBeUndefined();
    expect(chooseJudge(annotated({}), annotated({}))).toBeDefined();
  });
});

test("a sick container tells its reason and which log to read", () => {
  const status = (state: Props, lastState: Props = {}): Props => ({
    name: "c",
    ready: false,
    restartCount: 2,
    state,
    lastState,
  });
  const pod = (name: string, container: Props): Props => ({
    metadata: { name },
    status: { containerStatuses: [container] },
  });
  const sick = sickContainers([
    pod(
      "loop",
      status(
        { waiting: { reason: "CrashLoopBackOff", message: "back-off" } },
        { terminated: { exitCode: 1, reason: "Error" } },
      ),
    ),
    pod("pull", status({ waiting: { reason: "ImagePullBackOff", message: "not found" } })),
    pod("start", status({ waiting: { reason: "ContainerCreating" } })),
    pod("dead", status({ terminated: { exitCode: 137, reason: "OOMKilled" } })),
    pod("slow", status({ running: { startedAt: "t" } })),
  ]);
  expect(sick.map(({ pod: name, reason, logs }) => [name, logs, reason])).toEqual([
    ["loop", "previous", "CrashLoopBackOff: back-off; it last ended with exit code 1 (Error)"],
    ["pull", "none", "ImagePullBackOff: not found"],
    ["dead", "current", "ended with exit code 137 (OOMKilled)"],
    ["slow", "current", "runs but is not ready (2 restarts)"],
  ]);
});

test("selectors as the API server reads them", () => {
  const matchExpressions = [
    { key: "a", operator: "In", values: ["x", "y"] },
    { key: "b", operator: "NotIn", values: ["z"] },
    { key: "c", operator: "Exists" },
    { key: "d", operator: "DoesNotExist" },
  ];
  expect(selectorText({ matchLabels: { app: "web" }, matchExpressions })).toBe("app=web,a in (x,y),b notin (z),c,!d");
});
