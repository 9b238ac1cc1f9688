import { describe, expect, test } from "@jest/globals";
import { rules } from "@media/dashboards/rules";
import type { Target } from "@media/drills/stack";
import { createStage, type Injected, replayed } from "./injection.ts";
import { pushed } from "./jobs.ts";
import { goThrough, type Journal, type Means, problemsOf, reportOf } from "./run.ts";
import { INJECTIONS } from "./table.ts";
import { podOf } from "./workloads.ts";

/** Of all alerts; the rest has its reason in the table. */
const SHARE_TODAY = 0.6;

describe("the table of injections", () => {
  const injected = Object.values(INJECTIONS).filter(({ by }) => by === "injection");

  test("has one entry for every rule, and waits longer than the rule does", () => {
    expect(problemsOf(rules, INJECTIONS)).toEqual([]);
    expect(injected.length / rules.length).toBeGreaterThanOrEqual(SHARE_TODAY);
  });

  test("says of each alert what is done, or why it is not", () => {
    for (const [name, entry] of Object.entries(INJECTIONS)) {
      const texts = entry.by === "injection" ? [entry.fault, entry.undone] : [entry.why];
      expect([name, texts.every((text) => text.length > 10)]).toEqual([name, true]);
    }
  });

  test("the control: a rule without an entry, an entry without a rule, and a wait that is too short are found", () => {
    const { PodNotReady, ...others } = INJECTIONS;
    const table = {
      ...others,
      Strange: replayed("it is none of ours"),
      ArchiveDelayed: { ...PodNotReady, seconds: 30 } as Injected,
    };
    expect(problemsOf(rules, table)).toEqual([
      "PodNotReady is neither injected nor replayed",
      "no rule is named Strange",
      "ArchiveDelayed waits 1m, its injection only 30 s",
    ]);
  });
});

describe("a way through the table", () => {
  /** A stack in which the fault raises its alert, unless it is one that nothing notices. */
  function world(
    faults: Partial<Record<string, "unnoticed" | "broken" | "lasting">> = {},
    after?: (done: string[]) => void,
  ) {
    const done: string[] = [];
    const there = new Set<string>();
    const saved: Journal[] = [];
    const entry = (name: string): Injected => ({
      by: "injection",
      fault: `${name} is caused`,
      undone: `${name} is mended`,
      seconds: 1,
      endSeconds: 1,
      async inject() {
        done.push(`inject ${name}`);
        if (faults[name] === "broken") throw new Error("kubectl failed");
        if (faults[name] !== "unnoticed") there.add(name);
      },
      async undo() {
        done.push(`undo ${name}`);
        if (faults[name] !== "lasting") there.delete(name);
      },
    });
    const table = { A: entry("A"), B: replayed("it takes days"), C: entry("C") };
    const means: Means = {
      stage: createStage({} as Target),
      fires: async (name) => there.has(name),
      save: async (journal) => void saved.push(journal),
      say: () => {},
      throwIfInterrupted: () => after?.(done),
      patience: 0.5,
    };
    return { table, means, done, saved };
  }

  test("injects, sees the alert, takes the fault back, and sees the end, one after the other", async () => {
    const { table, means, done, saved } = world();
    const journal = await goThrough(table, { rows: [] }, means);
    expect(done).toEqual(["inject A", "undo A", "inject C", "undo C"]);
    expect(journal.rows.map(({ alert, outcome }) => [alert, outcome])).toEqual([
      ["A", "seen and over"],
      ["C", "seen and over"],
    ]);
    expect(saved.map(({ underWay }) => underWay)).toEqual(["A", undefined, "C", undefined]);
    expect(reportOf(table, journal).at(-1)).toContain("2 of 2 injected faults raised their alert; 2 of 3 alerts");
  });

  test("the control: an alert that does not fire, one that does not end and a fault that cannot be caused are no success, and are undone", async () => {
    const unnoticed = world({ A: "unnoticed", C: "broken" });
    const { rows } = await goThrough(unnoticed.table, { rows: [] }, unnoticed.means);
    expect(rows.map(({ outcome }) => outcome)).toEqual(["not seen", "failed"]);
    expect(rows[1]?.error).toContain("kubectl failed");
    expect(unnoticed.done).toEqual(["inject A", "undo A", "inject C", "undo C"]);
    const lasting = world({ A: "lasting" });
    expect((await goThrough(lasting.table, { rows: [] }, lasting.means)).rows[0]?.outcome).toBe("seen");
  });

  test("that is interrupted takes its fault back; the next one goes on after it, and takes back what a kill has left", async () => {
    const cut = world({ A: "unnoticed" }, (done) => {
      if (done.length > 0) throw new Error("ended by SIGINT");
    });
    await expect(goThrough(cut.table, { rows: [] }, cut.means)).rejects.toThrow("SIGINT");
    expect(cut.done).toEqual(["inject A", "undo A"]);
    const { table, means, done } = world();
    const rows = [{ alert: "A", outcome: "seen", startedAt: "2026-11-29T12:00:00Z" } as const];
    await goThrough(table, { rows, underWay: "C" }, means);
    expect(done).toEqual(["undo C", "inject C", "undo C"]);
  });

  test("has traffic that ends", async () => {
    const stage = createStage({} as Target);
    let calls = 0;
    stage.traffic(5, async () => {
      calls += 1;
      throw new Error("refused");
    });
    await new Promise((resolve) => setTimeout(resolve, 60));
    await stage.quiet();
    const then = calls;
    expect(then).toBeGreaterThan(2);
    await new Promise((resolve) => setTimeout(resolve, 40));
    expect(calls).toBe(then);
  });
});

test("a value is read from its own group of Pushgateway only", () => {
  const value = (text: string) => ({ metrics: [{ labels: {}, value: text }] });
  const groups = [
    { labels: { job: "drill", kind: "pitr" }, drill_passed: value("0") },
    { labels: { job: "drill", kind: "simulation" }, drill_passed: value("1") },
    { labels: { job: "drill" }, drill_passed: value("7") },
  ];
  expect(pushed(groups, "job/drill/kind/simulation", "drill_passed")).toBe(1);
  expect(pushed(groups, "job/drill", "drill_passed")).toBe(7);
  expect(pushed(groups, "job/other", "drill_passed")).toBeUndefined();
});

test("a pod of ours is one that the namespaces admit", () => {
  expect(podOf("registry.example.com/service:1", { script: "0" })).toMatchObject({
    spec: {
      securityContext: { runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } },
      containers: [{ securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } } }],
    },
  });
});
