import { setTimeout as sleep } from "node:timers/promises";
import { eventually } from "@media/drills/eventually";
import { measure, WARM_UP_SECONDS } from "@media/service/bench/rounds";
import { openStage, type Stage } from "@media/service/bench/stage";
import { say } from "../lib/progress.ts";
import { connect, type Inspector } from "../profiling/inspector.ts";
import { profileCpu, profileMemory } from "../profiling/node.ts";
import type { Row } from "./row.ts";

const CONNECTIONS = 64;
const SECONDS = 8;

/**
 * What is planted to be found: a third of the time, in one function that is called again and again. It is long: of a
 * short one, which V8 inlines, the profile names the caller, whether it was there before the profile began or not.
 */
const HOT = `function plantedHotFunction(sum) { ${"sum += Math.sqrt(sum + 1); ".repeat(200)} return sum; }
globalThis.planted = setInterval(() => { let sum = 0; for (const end = Date.now() + 30; Date.now() < end; ) sum = plantedHotFunction(sum) % 10; }, 100); 0`;

/** A megabyte a minute: each second 17 KiB, which are kept. */
const LEAK = `class PlantedLeak { constructor() { this.numbers = new Array(2_180).fill(0).map(Math.random); } }
globalThis.planted = []; setInterval(() => globalThis.planted.push(new PlantedLeak()), 1_000); 0`;

/** An api of its own with real PostgreSQL and Redis, and its inspector, opened by SIGUSR1 as in a pod. */
async function withApi<T>(work: (stage: Stage, load: Load, inspector: Inspector) => Promise<T>): Promise<T> {
  const stage = await openStage();
  try {
    const target = await stage.api();
    process.kill(target.pid, "SIGUSR1");
    const url = await eventually("the inspector", 15, async () => {
      const [found] = (await (await fetch("http://127.0.0.1:9229/json/list")).json()) as {
        webSocketDebuggerUrl: string;
      }[];
      return found?.webSocketDebuggerUrl ?? "";
    });
    const { send, close } = await connect(url);
    const side = { target, requests: stage.reads };
    const load: Load = async (seconds) =>
      (await measure(stage.folder, side, { seconds, connections: CONNECTIONS })).perCoreSecond;
    await load(WARM_UP_SECONDS);
    return await work(stage, load, { send, close: async () => close() }).finally(close);
  } finally {
    await stage.stop();
  }
}

/** Loads the api as hard as it goes, and gives its answers per second of its core. */
type Load = (seconds: number) => Promise<number>;

/** What a CPU profile costs an api under load, and whether it names a planted function first. */
export async function profiles(rounds: number): Promise<Row[]> {
  const costs: number[] = [];
  let first = 0;
  await withApi(async (_, load, inspector) => {
    for (let round = 1; round <= rounds; round++) {
      const sides = {
        plain: () => load(SECONDS),
        profiled: async () => (await Promise.all([load(SECONDS), profileCpu(inspector, "bench", SECONDS)]))[0],
      };
      const order = round % 2 === 0 ? (["plain", "profiled"] as const) : (["profiled", "plain"] as const);
      const seen: Partial<Record<keyof typeof sides, number>> = {};
      for (const side of order) seen[side] = await sides[side]();
      costs.push((1 - (seen.profiled ?? 0) / (seen.plain ?? 0)) * 100);
      say(
        `round ${round}: ${seen.plain?.toFixed(0)} answers per core second, with a profile ${seen.profiled?.toFixed(0)}`,
      );
    }
    await inspector.send("Runtime.evaluate", { expression: HOT });
    for (let round = 1; round <= rounds; round++) {
      const [, { words }] = await Promise.all([load(SECONDS), profileCpu(inspector, "bench", SECONDS)]);
      if (words[3]?.trim().startsWith("plantedHotFunction,")) first += 1;
      say(`round ${round}: first is${words[3]}`);
    }
  });
  return [
    { name: "profiles: throughput that a CPU profile costs an api under load", unit: "%", bound: 5, values: costs },
    {
      name: "profiles: share of CPU profiles of an api under load that name the planted hot function first",
      unit: "%",
      atLeast: 100,
      values: [(first / rounds) * 100],
    },
  ];
}

const MOST_SECONDS = 600;

/** How long it takes until a leak of a megabyte a minute in an api under load is named. */
export async function leak(rounds: number): Promise<Row[]> {
  const values: number[] = [];
  for (let round = 1; round <= Math.min(rounds, 3); round++)
    await withApi(async (_, load, inspector) => {
      await inspector.send("Runtime.evaluate", { expression: LEAK });
      const from = performance.now();
      const passed = () => (performance.now() - from) / 1_000;
      let going = true;
      const steady = (async () => {
        while (going) await Promise.all([load(5), sleep(15_000)]);
      })();
      let named = false;
      while (!named && passed() < MOST_SECONDS) {
        const { words } = await profileMemory(inspector, "bench", 120);
        named = words.some((line) => /^ {2}(new )?PlantedLeak,/.test(line));
        say(`round ${round}, after ${passed().toFixed(0)} s:\n${words.join("\n")}`);
      }
      values.push(named ? passed() : Number.POSITIVE_INFINITY);
      going = false;
      await steady;
    });
  const name = "profiles: until a planted leak of 1 MB/min in an api under load is named by its constructor";
  return [{ name, unit: "s", bound: MOST_SECONDS, values }];
}
