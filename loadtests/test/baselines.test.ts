import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { Baselines } from "../baselines/store.ts";
import { randomFrom } from "../lib/random.ts";
import { encode, newHistogram, record } from "../results/histogram.ts";
import type { Result } from "../results/result.ts";
import { load, outputs } from "./commands.ts";
import { startRecorder } from "./recorder.ts";

const dir = mkdtempSync(join(tmpdir(), "baselines-"));
afterAll(() => rmSync(dir, { recursive: true, force: true }));
const baselines = join(dir, "baselines");
const random = randomFrom(3);

let real: Result;
beforeAll(async () => {
  const target = await startRecorder();
  const { dir: own } = await load(["run", "--outputs", outputs(dir, target.url), "--seconds", "1", "--rate", "5"], dir);
  await target.close();
  const file = readdirSync(own).find((name) => name.endsWith(".json")) as string;
  real = JSON.parse(readFileSync(join(own, file), "utf8"));
}, 240_000);

/** Five results like the real one, but for their latency. */
function results(name: string, ms: number, change: Partial<Result> = {}): string[] {
  return Array.from({ length: 5 }, (_, index) => {
    const histogram = newHistogram();
    for (let count = 0; count < 200; count++) record(histogram, ms * 1_000 * (0.9 + 0.2 * random()));
    const steps = real.steps.map((step) => ({ ...step, requests: 200, failed: 0, histogram: encode(histogram) }));
    const run = { ...real.run, id: `${name}-${index}` };
    const file = join(dir, `${run.id}.json`);
    writeFileSync(file, JSON.stringify({ ...real, generatorLimited: null, ...change, run, steps }));
    return file;
  });
}

const call = (...args: string[]) => load([...args, "--baselines", baselines], dir);

describe("a baseline", () => {
  test("keeps runs by stack, tool and shape, and later runs are judged against it by the exit code", async () => {
    expect(await call("keep", "main", ...results("before", 100))).toMatchObject({ code: 0 });
    expect((await call("baselines")).out).toBe("main: stack dev, custom, smoke-normal, 5 runs\n");
    const slower = await call("compare", ...results("slower", 110), "--against", "main");
    expect(slower.out).toMatch(/^p50: .*: slower/m);
    expect(slower.code).toBe(1);
    const faster = await call("compare", ...results("faster", 90), "--against", "main");
    expect(faster.out).toMatch(/^p50: .*: faster/m);
    expect(faster.code).toBe(0);
    const same = await call("compare", ...results("same", 100), "--against", "main");
    expect(same.out.match(/: no change/g)).toHaveLength(3);
    expect(same.code).toBe(0);
  }, 240_000);

  test("takes no run whose generator was the limit", () => {
    const store = new Baselines(baselines);
    const limited = results("limited", 100, { generatorLimited: "the generator was late" });
    expect(() => store.keep("other", limited)).toThrow("its generator was the limit");
    expect(store.list().join()).not.toContain("other");
  });

  test("that is not there, or of another kind of run, is missed before anything is sent", async () => {
    const target = await startRecorder();
    const command = ["run", "--outputs", outputs(dir, target.url), "--runs", "5"];
    for (const more of [
      ["--against", "none"],
      ["--against", "main", "--shape", "spike"],
      ["--against", "../x"],
    ]) {
      const { code, err } = await call(...command, ...more);
      expect(err).toMatch(/there is no baseline|is no name of a baseline/);
      expect(code).toBe(2);
    }
    expect(target.requests).toEqual([]);
    await target.close();
  }, 240_000);
});
