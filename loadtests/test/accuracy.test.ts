import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { request } from "../journeys/request.ts";
import { makePlan } from "../plan/plan.ts";
import { decode, merged } from "../results/histogram.ts";
import { custom } from "../tools/custom/tool.ts";
import { limitOfGenerator } from "../verdict/verdict.ts";
import { startRecorder } from "./recorder.ts";

/** Two in a hundred are that slow, so that the 99th percentile is one of them. */
const SLOW_MS = 2_000;

async function measured(perMinute: number, seconds: number, delayMs: (index: number) => number) {
  const dir = mkdtempSync(join(tmpdir(), "accuracy-"));
  const recorder = await startRecorder({ delayMs: (_, index) => delayMs(index) });
  const journeys = [{ ...request, steps: request.steps.slice(0, 1) }];
  const stretches = [
    { seconds: 0, perMinute },
    { seconds, perMinute },
  ];
  const plan = makePlan({ journeys, stretches, seed: 1, titleOffset: 1 });
  const target = { url: recorder.url, token: "x", mark: "test" };
  const result = await custom.run({ plan, target, dir, progress: () => {}, stop: new AbortController().signal });
  await recorder.close();
  rmSync(dir, { recursive: true });
  return { result, all: merged(result.steps.map((step) => decode(step.histogram))) };
}

test("the 99th percentile against a target of known latency is right within 2 %", async () => {
  const errors: number[] = [];
  // A busy machine is late by itself, which only adds: of three runs the best one tells the runner's own error.
  while (errors.length < 3 && !errors.some((error) => error <= 0.02)) {
    const { all } = await measured(6_000, 5, (index) => (index % 50 === 25 ? SLOW_MS : 50));
    expect(all.totalCount).toBe(500);
    errors.push(Math.abs(all.getValueAtPercentile(99) / 1_000 - SLOW_MS) / SLOW_MS);
  }
  expect(Math.min(...errors)).toBeLessThanOrEqual(0.02);
}, 60_000);

test("a target that stands still for a second is seen by all that were due meanwhile", async () => {
  let frozenUntil = 0;
  const { all } = await measured(3_000, 4, (index) => {
    if (index === 50) frozenUntil = Date.now() + 1_000;
    return Math.max(0, frozenUntil - Date.now());
  });
  // 50 a second were due while nothing was answered: a quarter of 200, from 1000 ms down evenly.
  expect(all.totalCount).toBe(200);
  expect(all.getValueAtPercentile(90) / 1_000).toBeGreaterThan(500);
  expect(all.getValueAtPercentile(99) / 1_000).toBeGreaterThan(900);
});

test("a rate that this machine cannot make is the generator's limit, and one that it can is not", async () => {
  // A million a second for a tenth of one: no machine begins them in time, and they are soon over.
  const { result } = await measured(60_000_000, 0.1, () => 0);
  expect(limitOfGenerator(result, false)).toMatch(/^the generator was late by \d+ ms/);
  expect(limitOfGenerator((await measured(600, 2, () => 0)).result, false)).toBeNull();
}, 120_000);
