import { type FaultProxy, startProxy, type Trouble } from "../test/proxy.ts";
import type { Sent } from "./generator.ts";
import type { Row } from "./main.ts";
import { type Effort, type Measured, measure, show, tell } from "./rounds.ts";
import type { Stage } from "./stage.ts";

/** Clients of a good day, and of the worst. */
const CLIENTS = 32;
const CROWD = 300;
const TIMES = 3;
/** Back to normal: no call is refused, and as much is done in a second as in the slowest of some before. */
const SLICE_SECONDS = 1;
const SLICES_BEFORE = 3;
const MIB = 2 ** 20;
const ONSET_SECONDS = 2;

/** What goes to the database, mostly: of each five one writes, three read pages, and one reads what is cached. */
async function mixed(stage: Stage, creates: number): Promise<Sent[]> {
  const [list] = stage.lists as [Sent];
  const news = await stage.creates(creates);
  return news.flatMap((create, n) => [list, create, list, stage.reads[n % stage.reads.length] as Sent, list]);
}

/** Three times what it can do, asked by ten times as many. */
export async function overload(stage: Stage, { seconds, rounds }: Effort): Promise<Row[]> {
  const target = await stage.api();
  const side = { target, requests: await mixed(stage, 700 * (4 * seconds + 16) * rounds) };
  let from = 0;
  const run = async (load: Parameters<typeof measure>[2]): Promise<Measured> => {
    const measured = await measure(stage.folder, side, { ...load, from });
    from = measured.sent;
    return measured;
  };
  await run({ seconds: 3, connections: CLIENTS });
  const seen = { goodput: [] as number[], p99: [] as number[], memory: [] as number[], normal: [] as number[] };
  for (let round = 0; round < rounds; round++) {
    const peak = await run({ seconds, connections: CLIENTS });
    const usual: number[] = [];
    while (usual.length < SLICES_BEFORE) usual.push((await run(SLICE)).perSecond);
    const rate = Math.round(TIMES * peak.perSecond);
    // The first moments of a flood are the limiter's to learn from.
    const flood = await run({ leadSeconds: ONSET_SECONDS, seconds, connections: CROWD, rate });
    seen.goodput.push(flood.perSecond / peak.perSecond);
    seen.p99.push(flood.p99 / peak.p99);
    seen.memory.push(target.memory() / MIB);
    seen.normal.push(await secondsToNormal(() => run(SLICE), Math.min(...usual)));
    tell(
      `overload, round ${round + 1}/${rounds}: ${show(peak)}; asked ${rate}/s: ${show(flood)}; normal after ${seen.normal.at(-1)} s`,
    );
  }
  return [
    {
      name: "service: goodput at 3 × overload, as a ratio to the peak goodput",
      unit: "×",
      atLeast: 0.9,
      values: seen.goodput,
    },
    {
      name: "service: p99 of admitted requests at 3 × overload, as a ratio to the p99 at peak load",
      unit: "×",
      bound: 2,
      values: seen.p99,
    },
    {
      name: "service: resident memory of an api process at 3 × overload",
      unit: "MiB",
      bound: 250,
      values: seen.memory,
    },
    {
      name: "service: time until latency is normal again after 3 × overload",
      unit: "s",
      bound: 10,
      values: seen.normal,
    },
  ];
}

const SLICE = { seconds: SLICE_SECONDS, connections: CLIENTS };

async function secondsToNormal(slice: () => Promise<Measured>, usual: number): Promise<number> {
  const started = performance.now();
  for (;;) {
    const passed = Math.round((performance.now() - started) / 100) / 10;
    const { byStatus, perSecond } = await slice();
    if ((!byStatus["503"] && perSecond >= usual) || passed > 30) return passed;
  }
}

/** Requests a second while something is broken: well below what it can do, so that only the fault can make it slow. */
const STEADY_RATE = 500;
const STEADY_LIST_RATE = 100;
/** By then every circuit has seen what is the matter. Until then answers may take longer, but none may fail. */
const SETTLE_SECONDS = 3;
/** A generator that has just started is slower than what it measures. */
const LEAD_SECONDS = 1;

/** A dependency to be broken, and who is to notice. */
interface Case {
  /** How it is broken; each gives the way back. */
  ways: Record<string, () => Promise<() => unknown>>;
  /** What others ask for meanwhile, that needs it. */
  affected: Sent[];
  /** What does not need it. @default cached reads */
  unaffected?: Sent[];
}

/** What does not need a dependency, while it is dead or slow and others keep asking for what does. */
export async function faults(stage: Stage, { seconds }: Effort): Promise<Row[]> {
  const { servers } = stage.platform;
  // The primary in the replica's place, behind something that can fail by itself.
  const replica = await startProxy(servers.postgresPort, servers.replicaPort);
  const target = await stage.api({ PG_RO_DATABASE: "media_replica" });
  const all = casesOf(stage, replica);
  const bearing = (requests: Sent[], length: number, leadSeconds = 0) => {
    const rate = requests === stage.lists ? STEADY_LIST_RATE : STEADY_RATE;
    return measure(stage.folder, { target, requests }, { seconds: length, leadSeconds, connections: 8, rate });
  };
  const asking = (requests: Sent[], length: number) =>
    measure(stage.folder, { target, requests }, { seconds: length, connections: 4, rate: 20 });
  await bearing(stage.reads, 3);
  const ratios: number[] = [];
  const failed: number[] = [];
  for (const [name, { ways, affected, unaffected = stage.reads }] of Object.entries(all))
    for (const [way, breakIt] of Object.entries(ways)) {
      const both = (length: number, lead?: number) =>
        Promise.all([bearing(unaffected, length, lead), asking(affected, length + (lead ?? 0))]);
      const [well] = await both(seconds, LEAD_SECONDS);
      const mend = await breakIt();
      const [first] = await both(SETTLE_SECONDS);
      const [broken] = await both(seconds, LEAD_SECONDS);
      await mend();
      await bearing(stage.reads, SETTLE_SECONDS);
      ratios.push(broken.p99 / well.p99);
      failed.push(failuresIn(first) + failuresIn(broken));
      tell(
        `${name} ${way}: ${show(well)}; broken: ${show(broken)}, p99 ratio ${ratios.at(-1)?.toFixed(2)}, ${failed.at(-1)} failed`,
      );
    }
  replica.close();
  return [
    {
      name: "service: p99 of requests that do not need a dependency while it is dead or slow, as a ratio to all dependencies well (each dependency, dead and slow)",
      unit: "×",
      bound: 1.2,
      values: ratios,
    },
    {
      name: "service: failed calls that do not need a dependency while it is dead or slow",
      unit: "calls",
      bound: 0,
      values: failed,
    },
  ];
}

function failuresIn({ byStatus, errors }: Measured): number {
  const bad = Object.entries(byStatus).filter(([status]) => Number(status) >= 300);
  return errors + bad.reduce((sum, [, count]) => sum + count, 0);
}

function casesOf({ platform, lists, reads, fillCache }: Stage, replica: FaultProxy): Record<string, Case> {
  const get = (path: string): Sent[] => [{ ...(lists[0] as Sent), path }];
  const server = (name: "pgbouncer" | "state" | "cache") => ({
    slow: async () => {
      platform.servers.freeze(name, true);
      return () => platform.servers.freeze(name, false);
    },
    dead: async () => {
      await platform.servers.kill(name);
      return () => platform.servers.restart(name);
    },
  });
  const double = (name: "tmdb" | "plex" | "youtube" | "overseerr") => ({
    dead: () => platform.knobs({ errorRate: 1 }, name).then(() => () => platform.knobs({}, name)),
    slow: () => platform.knobs({ latencyMs: 30_000 }, name).then(() => () => platform.knobs({}, name)),
  });
  const between = (trouble: Trouble) => async () => {
    replica.set(trouble);
    return () => replica.set("none");
  };
  const cache = server("cache");
  return {
    database: { ways: server("pgbouncer"), affected: lists },
    "database-replica": { ways: { dead: between("dead"), slow: between("silent") }, affected: lists },
    tmdb: { ways: double("tmdb"), affected: pages((n) => get(`/api/v1/discover?mediaType=tv&page=${n}`)) },
    plex: { ways: double("plex"), affected: pages((n) => get(`/api/v1/library?limit=${(n % 100) + 1}`)) },
    youtube: { ways: double("youtube"), affected: pages((n) => get(`/api/v1/titles/movie/${n}/trailers`)) },
    overseerr: { ways: double("overseerr"), affected: get("/api/v1/admin/overseerr") },
    "redis-cache": {
      ways: { slow: cache.slow, dead: () => cache.dead().then((mend) => () => mend().then(fillCache)) },
      affected: reads,
      unaffected: lists,
    },
    // Last, and its death the very last: the sessions go with it.
    "redis-state": { ways: server("state"), affected: lists },
  };
}

function pages(of: (n: number) => Sent[]): Sent[] {
  return Array.from({ length: 400 }, (_, n) => of(n + 1)).flat();
}

/** Resident memory under peak load. */
export async function memory(stage: Stage, { soakSeconds }: Effort): Promise<Row[]> {
  const target = await stage.api();
  const step = Math.max(2, Math.round(soakSeconds / 60));
  const requests = [...stage.reads, ...stage.lists];
  const samples: [minutes: number, mib: number][] = [];
  for (let passed = 0; passed < soakSeconds; passed += step) {
    await measure(stage.folder, { target, requests }, { seconds: step, connections: CLIENTS });
    samples.push([(passed + step) / 60, target.memory() / MIB]);
  }
  const sizes = samples.map(([, mib]) => mib);
  const growth = slope(samples.slice(Math.floor(samples.length / 2)));
  const max = Math.max(...sizes);
  tell(
    `memory over ${soakSeconds} s: most ${max.toFixed(0)} MiB, growing ${growth.toFixed(2)} MiB/min over the second half`,
  );
  return [
    {
      name: `service: resident memory of an api process under peak load for 10 minutes`,
      unit: "MiB",
      bound: 250,
      values: sizes,
    },
    {
      name: `service: growth of an api process's memory over the second half of a 10-minute run under peak load`,
      unit: "MiB/min",
      bound: 1,
      values: [growth],
    },
  ];
}

/** Of the line through the points that has the least squares. */
function slope(points: [number, number][]): number {
  const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [x, y] = [mean(points.map(([at]) => at)), mean(points.map(([, value]) => value))];
  const above = points.reduce((sum, [at, value]) => sum + (at - x) * (value - y), 0);
  return above / points.reduce((sum, [at]) => sum + (at - x) ** 2, 0);
}
