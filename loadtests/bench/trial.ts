import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Journey } from "../journeys/journey.ts";
import { makePlan } from "../plan/plan.ts";
import { decode, merged } from "../results/histogram.ts";
import type { Measurements } from "../results/result.ts";
import { custom } from "../tools/custom/tool.ts";
import type { Tool } from "../tools/tool.ts";

/** One request a session, so that a rate of sessions is one of requests. */
export const ONE: Journey = { name: "one", about: "", weight: 1, steps: [{ name: "one", operation: "getDocs" }] };

export interface Trial {
  readonly url: string;
  readonly perSecond: number;
  readonly seconds: number;
  /** @default custom */
  readonly tool?: Tool;
  readonly seed?: number;
}

/** One tool's run at one rate against a server of this machine. */
export async function trial({ url, perSecond, seconds, tool = custom, seed = 1 }: Trial): Promise<Measurements> {
  const dir = mkdtempSync(join(tmpdir(), "trial-"));
  const perMinute = Math.round(perSecond * 60);
  const stretches = [
    { seconds: 0, perMinute },
    { seconds, perMinute },
  ];
  const plan = makePlan({ journeys: [ONE], stretches, seed, titleOffset: 1 });
  const target = { url, token: "x", mark: "bench" };
  try {
    return await tool.run({ plan, target, dir, progress: () => {}, stop: new AbortController().signal });
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** Of all good answers, in milliseconds. */
export const percentileMs = ({ steps }: Measurements, percentile: number) =>
  merged(steps.map((step) => decode(step.histogram))).getValueAtPercentile(percentile) / 1_000;
