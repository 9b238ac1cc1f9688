import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import type { Result } from "../results/result.ts";
import { judge } from "../tuning/judge.ts";
import { Interrupted, type Lab, rollBack, tune } from "../tuning/loop.ts";
import { recordOf } from "../tuning/record.ts";
import { StateFile } from "../tuning/state.ts";
import { tuneStack } from "../tuning/tune-stack.ts";
import { madeResult } from "./made-result.ts";

const KEY = "sizes.api.poolMax";

/** A stack whose pool is its bottleneck below `enough` connections. What is deployed and what is configured are told apart. */
function lab({ enough = 4, poolMax = 1, dieAt = Number.POSITIVE_INFINITY } = {}) {
  const results = new Map<string, Result>();
  const stack = { configured: poolMax, deployed: poolMax, loads: 0, deployments: 0, steps: 0 };
  const alive = () => {
    stack.steps += 1;
    if (stack.steps >= dieAt) throw new Error("killed");
  };
  const own: Lab = {
    say: () => {},
    stop: new AbortController().signal,
    read: (file) => results.get(file) as Result,
    valueOf: (key) => (key === KEY ? stack.configured : 1),
    async load() {
      alive();
      stack.loads += 1;
      const starved = stack.deployed < enough;
      const result = madeResult({
        seed: stack.loads,
        ms: starved ? 400 : 40,
        failed: starved ? 0.2 : 0,
        figures: {
          "api/requests at work, mean": { unit: "count", values: [10, 10, 10] },
          "api/waiting for a database connection, mean of primary": {
            unit: "count",
            values: starved ? [7, 7, 7] : [0, 0, 0],
          },
          "api/wait for a database connection, 99th percentile of primary": {
            unit: "seconds",
            values: starved ? [1, 1, 1] : [0, 0, 0],
          },
        },
      });
      const file = `run-${stack.loads}`;
      results.set(file, result);
      return { file, result };
    },
    async deploy(changes) {
      alive();
      stack.deployments += 1;
      stack.deployed = changes[KEY] ?? stack.configured;
    },
    async keep(_, value) {
      stack.configured = value;
      alive();
      stack.deployed = value;
    },
  };
  return { own, stack, results };
}

const newFile = () => new StateFile(mkdtempSync(join(tmpdir(), "media-tuning-")), "dev");
const args = (own: Lab, file: StateFile) => ({
  lab: own,
  file,
  stack: "dev",
  runs: 5,
  rounds: 3,
  load: { shape: "load" },
});

describe("the tuning loop", () => {
  test("names the planted pool, raises its key, keeps the gain and says so in a record", async () => {
    const { own, stack } = lab();
    const state = await tune(args(own, newFile()));
    expect(state.trials).toMatchObject([{ kind: "pool too small", key: KEY, from: 1, to: 4, outcome: "kept" }]);
    expect(state.end).toBe("no bottleneck: every objective was met");
    expect([stack.configured, stack.deployed, stack.loads]).toEqual([4, 4, 10]);
    const record = recordOf(state);
    expect(record).toContain("`sizes.api.poolMax` is 4 instead of 1 in Pulumi.dev.yaml.");
    expect(record).toMatch(/failed requests: 20.00 % before, 0.00 % now/);
  });

  test("changes nothing on a stack without a bottleneck", async () => {
    const { own, stack } = lab({ poolMax: 6 });
    const state = await tune(args(own, newFile()));
    expect([state.trials, stack.deployments, stack.configured]).toEqual([[], 0, 6]);
    expect(recordOf(state)).toContain("The configuration stays as it was.");
  });

  test("rolls back what does not help, and ends when nothing is left to try", async () => {
    const { own, stack } = lab({ enough: 1_000 });
    const state = await tune(args(own, newFile()));
    expect(state.trials.map(({ key, outcome }) => [key, outcome])).toEqual([
      [KEY, "rolled back"],
      ["sizes.api.replicas", "rolled back"],
    ]);
    expect(state.end).toContain("pool too small: no key of the configuration is left to try");
    expect([stack.configured, stack.deployed]).toEqual([1, 1]);
  });

  test("killed at any step it goes on, and the stack is as kept in the end", async () => {
    const whole = lab();
    await tune(args(whole.own, newFile()));
    expect(whole.stack.steps).toBeGreaterThan(8);
    for (let at = 1; at <= whole.stack.steps; at++) {
      const file = newFile();
      const { own, stack } = lab({ dieAt: at });
      await expect(tune(args(own, file))).rejects.toThrow("killed");
      // The process that goes on finds the same stack, and lives.
      const alive: Lab = lab().own;
      const again = { ...own, load: async () => own.load(), deploy: own.deploy, keep: own.keep, say: alive.say };
      stack.steps = Number.NEGATIVE_INFINITY;
      const state = await tune(args(again, file));
      expect([at, stack.configured, stack.deployed]).toEqual([at, 4, 4]);
      expect(state.trials).toHaveLength(1);
    }
  });

  test("interrupted it ends after the step under way, and the same command goes on", async () => {
    const file = newFile();
    const { own, stack } = lab();
    const stop = new AbortController();
    const load = async () => {
      if (stack.loads === 2) stop.abort();
      return own.load();
    };
    await expect(tune(args({ ...own, load, stop: stop.signal }, file))).rejects.toThrow(Interrupted);
    expect([stack.loads, file.read()?.baseline.length]).toEqual([3, 3]);
    await tune(args(own, file));
    expect([stack.loads, stack.configured]).toEqual([10, 4]);
  });

  test("a second one of the same stack is refused while the first is alive", () => {
    const file = newFile();
    const release = file.hold();
    expect(() => file.hold()).toThrow(`process ${process.pid} is tuning stack dev`);
    release();
    writeFileSync(`${file.path}.lock`, "999999999");
    file.hold()();
  });

  test("is rolled back by hand to what is configured, at any step", async () => {
    for (let at = 6; at <= 10; at++) {
      const file = newFile();
      const { own, stack } = lab({ dieAt: at });
      await expect(tune(args(own, file))).rejects.toThrow("killed");
      stack.steps = Number.NEGATIVE_INFINITY;
      const state = await rollBack({ lab: own, file });
      expect([at, stack.deployed, state?.end]).toEqual([at, stack.configured, "rolled back by hand"]);
      expect(await rollBack({ lab: own, file })).toBeUndefined();
    }
  });
});

describe("a gain", () => {
  const runs = (ms: number, failed = 0) =>
    Array.from({ length: 5 }, (_, seed) => madeResult({ ms, failed, seed: seed + 1 }));

  test("is kept where runs are quicker and none fail", () => {
    expect(judge(runs(100), runs(70)).keep).toBe(true);
  });

  test("is not kept where it is none, or where something else falls", () => {
    expect(judge(runs(100), runs(100)).keep).toBe(false);
    const mixed = judge(runs(100), runs(70, 0.2));
    expect([mixed.keep, mixed.worse.length]).toEqual([false, 1]);
    expect(judge(runs(70), runs(100)).keep).toBe(false);
  });
});

describe("what a person got wrong is said:", () => {
  const program = { outputs: async () => undefined, valueOf: () => 1, deploy: async () => {}, keep: async () => {} };

  test.each(["prod", "dr", "base"])("tuning %s", async (stack) => {
    await expect(tuneStack({ stack, program, dir: tmpdir() })).rejects.toThrow(/is not tuned by trying/);
  });

  test("too few runs, a stack that is not up, a state file that is none", async () => {
    await expect(tuneStack({ stack: "dev", program, dir: tmpdir(), runs: 4 })).rejects.toThrow(/RUNS=4/);
    await expect(tuneStack({ stack: "dev", program, dir: tmpdir() })).rejects.toThrow(/no gatewayUrl/);
    const file = newFile();
    writeFileSync(file.path, "{");
    expect(() => file.read()).toThrow(/is not the state of a tuning/);
  });
});
