import type { Plot } from "./evidence.ts";

const rounded = (value: number) => Math.round(value * 1000) / 1000;
const STEP_SECONDS = 0.25;
const MOST_STEPS = 4000;

/** Counts times in equal steps, for the evidence's plot. Times are in seconds since 1970. */
export function plotOf(times: readonly number[], faults: readonly number[], label: string): Plot {
  const from = times.reduce((min, at) => Math.min(min, at), Number.POSITIVE_INFINITY);
  const to = times.reduce((max, at) => Math.max(max, at), 0);
  const step = Math.max(STEP_SECONDS, (to - from) / MOST_STEPS);
  const counts = new Array<number>(times.length === 0 ? 0 : Math.floor((to - from) / step) + 1).fill(0);
  for (const at of times) counts[Math.floor((at - from) / step)] = (counts[Math.floor((at - from) / step)] ?? 0) + 1;
  const start = Number.isFinite(from) ? new Date(from * 1000).toISOString() : "";
  return { label, from: start, stepSeconds: rounded(step), counts, faults: faults.map((at) => rounded(at - from)) };
}
