import { setTimeout as sleep } from "node:timers/promises";
import { callGraph } from "./call-graph.ts";
import { flameGraph } from "./flame.ts";
import { type CpuProfile, type Frame, framesOfCpu, framesOfHeap, type HeapProfile, spotsOf } from "./frames.ts";
import type { Inspector } from "./inspector.ts";
import type { Section } from "./page.ts";
import { byOwner, growing, hotSpots, leakWords, mebibytes, milliseconds } from "./words.ts";

/** At 1 ms a profile costs 18 % of an api's throughput, at 10 ms 2 %. */
export const SAMPLE_US = 10_000;
/** Mean bytes between two allocations that are looked at. */
const HEAP_SAMPLE_BYTES = 16_384;
const READINGS = 4;

export interface Profiled {
  /** Raw file for other tools: name ending and text. */
  readonly raw: { readonly ending: string; readonly text: string };
  readonly flame: string;
  readonly about: readonly string[];
  readonly sections: readonly Section[];
  /** What there is to say in a few lines. */
  readonly words: readonly string[];
}

/** Which functions take a Node.js process's CPU. */
export async function profileCpu({ send }: Inspector, title: string, seconds: number): Promise<Profiled> {
  await send("Profiler.enable");
  await send("Profiler.setSamplingInterval", { interval: SAMPLE_US });
  await send("Profiler.start");
  await sleep(seconds * 1_000);
  const { profile } = await send<{ profile: CpuProfile }>("Profiler.stop");
  return cpuProfiled(profile, title);
}

export function cpuProfiled(profile: CpuProfile, title: string): Profiled {
  const { root, idleUs } = framesOfCpu(profile);
  const wall = profile.endTime - profile.startTime;
  const about = [
    `${milliseconds(wall)} long, a sample each ${SAMPLE_US / 1_000} ms, ${profile.samples?.length ?? 0} samples`,
    `at work ${milliseconds(root.total)}, waiting ${milliseconds(idleUs)}: ${((root.total / Math.max(1, root.total + idleUs)) * 100).toFixed(0)} % at work`,
  ];
  const spots = hotSpots(root, milliseconds);
  const flame = flameGraph(root, title, milliseconds);
  return {
    raw: { ending: "cpuprofile", text: JSON.stringify(profile) },
    flame,
    about,
    words: [...about, "hot spots:", ...spots.slice(0, 5).map((line) => `  ${line}`)],
    sections: [
      { head: "Flame graph", svg: flame },
      { head: "Hot spots", lines: spots },
      { head: "Whose code", lines: byOwner(root, milliseconds) },
      { head: "Call graph", svg: callGraph(root, "Who calls whom", milliseconds) },
      { head: "Functions", table: functions(root, milliseconds) },
    ],
  };
}

/** What a Node.js process allocates and holds, and what of it grows. Garbage is collected before each reading. */
export async function profileMemory({ send }: Inspector, title: string, seconds: number): Promise<Profiled> {
  await send("HeapProfiler.enable");
  await send("HeapProfiler.collectGarbage");
  await send("HeapProfiler.startSampling", { samplingInterval: HEAP_SAMPLE_BYTES });
  const readings: { atSeconds: number; root: Frame; profile: HeapProfile; used: number }[] = [];
  for (let index = 1; index <= READINGS; index++) {
    await sleep((seconds * 1_000) / READINGS);
    await send("HeapProfiler.collectGarbage");
    const { profile } = await send<{ profile: HeapProfile }>("HeapProfiler.getSamplingProfile");
    const { usedSize } = await send<{ usedSize: number }>("Runtime.getHeapUsage");
    readings.push({ atSeconds: (seconds * index) / READINGS, root: framesOfHeap(profile), profile, used: usedSize });
  }
  await send("HeapProfiler.stopSampling");
  return memoryProfiled(readings, title);
}

export function memoryProfiled(
  readings: readonly { atSeconds: number; root: Frame; profile: HeapProfile; used: number }[],
  title: string,
): Profiled {
  const last = readings.at(-1) as (typeof readings)[number];
  const leaks = leakWords(growing(readings));
  const about = [
    `${last.atSeconds} s, one allocation in ${HEAP_SAMPLE_BYTES / 1_024} KiB looked at`,
    `heap in use after collecting garbage: ${readings.map(({ used }) => mebibytes(used)).join(", ")}`,
    `held of what was allocated meanwhile: ${mebibytes(last.root.total)}`,
  ];
  const suspects = leaks.length > 0 ? leaks : ["nothing that is held grew from each reading to the next"];
  const flame = flameGraph(last.root, title, mebibytes);
  return {
    raw: { ending: "heapprofile", text: JSON.stringify(last.profile) },
    flame,
    about,
    words: [...about, "may leak:", ...suspects.map((line) => `  ${line}`)],
    sections: [
      { head: "May leak", lines: suspects },
      { head: "Flame graph: what is held, by what allocated it", svg: flame },
      { head: "Largest", lines: hotSpots(last.root, mebibytes) },
      { head: "Whose code", lines: byOwner(last.root, mebibytes) },
      { head: "Call graph", svg: callGraph(last.root, "Who calls whom", mebibytes) },
      { head: "Functions", table: functions(last.root, mebibytes) },
    ],
  };
}

function functions(root: Frame, show: (value: number) => string) {
  const rows = spotsOf(root)
    .slice(0, 60)
    .map(({ name, where, self, total }) => [name, where, show(self), show(total)]);
  return { head: ["function", "where", "itself", "with what it calls"], rows };
}
