import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import type { Props } from "../lib/values.ts";
import { nameOf } from "./identity.ts";
import { judgeFor } from "./readiness.ts";
import type { Moment, Verdict } from "./verdict.ts";

interface Event {
  type: "ADDED" | "MODIFIED" | "DELETED";
  object: Props;
}

/** What a real API server said, in its order (see recorded/record.ts). */
const recorded = (name: string): Event[] =>
  JSON.parse(readFileSync(join(import.meta.dirname, "recorded", `${name}.json`), "utf8")) as Event[];

/** The verdict after each event. */
function verdicts(events: Event[], kind: string, settledMs: number, related: Moment["related"] = {}): Verdict[] {
  const objects = new Map<string, Props>();
  return events.flatMap(({ type, object }) => {
    const key = `${object.kind}/${nameOf(object)}`;
    if (type === "DELETED") objects.delete(key);
    else objects.set(key, object);
    const all = [...objects.values()];
    const judged = all.find((entry) => entry.kind === kind);
    const of = (name: string) => all.filter((entry) => entry.kind === name);
    const seen = { ReplicaSet: of("ReplicaSet"), EndpointSlice: of("EndpointSlice"), ...related };
    const verdict = judged && judgeFor(judged)?.judge({ object: judged, related: seen, settledMs });
    return verdict ? [verdict] : [];
  });
}

/** Where the verdict changed, as `index:word`. */
function turns(found: Verdict[]): string[] {
  const words = found.map((verdict) => (verdict.failed ? "failed" : verdict.ready ? "ready" : "waiting"));
  return words.flatMap((word, i) => (word === words[i - 1] ? [] : [`${i}:${word}`]));
}

describe("recorded events", () => {
  test("a Deployment is ready with its second pod, waits from the edit on, and is ready with the end of the rollout", () => {
    const events = recorded("deployment");
    const found = turns(verdicts(events, "Deployment", 0));
    expect(found.map((turn) => turn.split(":")[1])).toEqual(["waiting", "ready", "waiting", "ready"]);
    const [, first, edited, last] = found.map((turn) => Number(turn.split(":")[0]));
    expect(events[first ?? -1]?.object.status).toMatchObject({ readyReplicas: 2, observedGeneration: 1 });
    expect(events[edited ?? -1]?.object.metadata).toMatchObject({ generation: 2 });
    expect(last).toBe(events.length - 1);
  });

  test("without the events of the ReplicaSets it is never ready", () => {
    const events = recorded("deployment").filter(({ object }) => object.kind === "Deployment");
    expect(turns(verdicts(events, "Deployment", 0))).toEqual(["0:waiting"]);
  });

  test.each([
    ["statefulset", "StatefulSet", ["0:waiting", "5:ready"]],
    // Before its controller has counted the nodes, it wants no pod: kstatus, and with it the official plugin, calls that ready as well.
    ["daemonset", "DaemonSet", ["0:waiting", "1:ready", "2:waiting", "5:ready", "6:waiting", "11:ready"]],
    ["job-complete", "Job", ["0:waiting", "3:ready"]],
    ["job-failed", "Job", ["0:waiting", "3:failed"]],
    ["claim", "PersistentVolumeClaim", ["0:waiting", "2:ready"]],
  ])("%s", (name, kind, expected) => {
    expect(turns(verdicts(recorded(name), kind, 0))).toEqual(expected);
  });

  test("a claim whose class binds late is ready while it is pending", () => {
    const late: Props = { metadata: { name: "by-hand" }, volumeBindingMode: "WaitForFirstConsumer" };
    const related = { StorageClass: [late] };
    expect(turns(verdicts(recorded("claim"), "PersistentVolumeClaim", 0, related))).toEqual(["0:ready"]);
  });

  test("a Service waits for pods that come, through the one that is not ready, and not for pods that do not", () => {
    const events = recorded("service");
    expect(turns(verdicts(events, "Service", 0))).toEqual(["0:waiting", "3:ready"]);
    // Had nothing happened for ten seconds at each point: only the pod that is not ready keeps it waiting.
    expect(turns(verdicts(events, "Service", 10_000))).toEqual(["0:ready", "2:waiting", "3:ready"]);
  });
});
