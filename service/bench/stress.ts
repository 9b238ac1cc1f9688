import type { Sent } from "./generator.ts";
import type { Row } from "./main.ts";
import { type Effort, type Measured, measure, show, tell } from "./rounds.ts";
import type { Stage } from "./stage.ts";

/** Clients of a good day, and of the worst. */
const CLIENTS = 32;
const CROWD = 300;
const TIMES = 3;
/** Back to normal: nobody is refused, and as much is done as before. */
const SLICE_SECONDS = 1;
const NORMAL_SHARE = 0.9;
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
  const side = { target, requests: await mixed(stage, 700 * (4 * seconds + 12) * rounds) };
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
    const rate = Math.round(TIMES * peak.perSecond);
    // The first moments of a flood are the limiter's to learn from.
    await run({ seconds: ONSET_SECONDS, connections: CROWD, rate });
    const flood = await run({ seconds, connections: CROWD, rate });
    seen.goodput.push(flood.perSecond / peak.perSecond);
    seen.p99.push(flood.p99 / peak.p99);
    seen.memory.push(target.memory() / MIB);
    seen.normal.push(await secondsToNormal(run, peak.perSecond));
    tell(
      `overload, round ${round + 1}/${rounds}: ${show(peak)}; asked ${rate}/s: ${show(flood)}; normal after ${seen.normal.at(-1)} s`,
    );
  }
  return [
    { name: "service: goodput at 3 × overload, against its peak", unit: "×", atLeast: 0.9, values: seen.goodput },
    {
      name: "service: p99 of what is let in at 3 × overload, against the p99 at its peak",
      unit: "×",
      bound: 2,
      values: seen.p99,
    },
    { name: "service: resident memory of an api at 3 × overload", unit: "MiB", bound: 250, values: seen.memory },
    { name: "service: back to normal after 3 × overload", unit: "s", bound: 10, values: seen.normal },
  ];
}

async function secondsToNormal(
  run: (load: Parameters<typeof measure>[2]) => Promise<Measured>,
  peak: number,
): Promise<number> {
  const started = performance.now();
  for (;;) {
    const passed = Math.round((performance.now() - started) / 100) / 10;
    const { byStatus, perSecond } = await run({ seconds: SLICE_SECONDS, connections: CLIENTS });
    if ((!byStatus["503"] && perSecond >= NORMAL_SHARE * peak) || passed > 30) return passed;
  }
}

/** Requests a second while something is broken: well below what it can do, so that only the fault can make it slow. */
const STEADY_RATE = 500;
/** By then every circuit has seen what is the matter. */
const SETTLE_SECONDS = 3;

/** Cached reads while each dependency is dead or slow, and others keep asking for what needs it. */
export async function faults(stage: Stage, { seconds }: Effort): Promise<Row[]> {
  const target = await stage.api();
  const { platform, reads, lists } = stage;
  const reading = (length: number) =>
    measure(stage.folder, { target, requests: reads }, { seconds: length, connections: 8, rate: STEADY_RATE });
  const asking = async (requests: Sent[], length: number) => {
    const load = { seconds: length, connections: 4, rate: 20 };
    return requests.length > 0 ? measure(stage.folder, { target, requests }, load) : undefined;
  };
  const get = (path: string): Sent[] => [{ ...(lists[0] as Sent), path }];
  const server = (name: "pgbouncer" | "state") => ({
    dead: async () => {
      await platform.servers.kill(name);
      return () => platform.servers.restart(name);
    },
    slow: async () => {
      platform.servers.freeze(name, true);
      return async () => platform.servers.freeze(name, false);
    },
  });
  const double = (name: "tmdb" | "plex" | "youtube" | "overseerr") => ({
    dead: () => platform.knobs({ errorRate: 1 }, name).then(() => () => platform.knobs({}, name)),
    slow: () => platform.knobs({ latencyMs: 30_000 }, name).then(() => () => platform.knobs({}, name)),
  });
  const state = server("state");
  const cases = {
    database: { ...server("pgbouncer"), affected: lists },
    tmdb: { ...double("tmdb"), affected: pages((n) => get(`/api/v1/discover?mediaType=tv&page=${n}`)) },
    plex: { ...double("plex"), affected: pages((n) => get(`/api/v1/library?limit=${(n % 100) + 1}`)) },
    youtube: { ...double("youtube"), affected: pages((n) => get(`/api/v1/titles/movie/${n}/trailers`)) },
    overseerr: { ...double("overseerr"), affected: get("/api/v1/admin/overseerr") },
    // Last, and its death the very last: the sessions go with it.
    "redis-state": { slow: state.slow, dead: state.dead, affected: lists },
  };
  await reading(3);
  const ratios: number[] = [];
  const failed: number[] = [];
  for (const [name, { affected, ...ways }] of Object.entries(cases))
    for (const [way, breakIt] of Object.entries(ways)) {
      const [well] = await Promise.all([reading(seconds), asking(affected, seconds)]);
      const mend = await breakIt();
      await Promise.all([reading(SETTLE_SECONDS), asking(affected, SETTLE_SECONDS)]);
      const [broken] = await Promise.all([reading(seconds), asking(affected, seconds)]);
      await mend();
      await reading(SETTLE_SECONDS);
      ratios.push(broken.p99 / well.p99);
      const bad = Object.entries(broken.byStatus).filter(([status]) => Number(status) >= 300);
      failed.push(broken.errors + bad.reduce((sum, [, count]) => sum + count, 0));
      tell(`${name} ${way}: ${show(well)}; broken: ${show(broken)}, p99 ratio ${ratios.at(-1)?.toFixed(2)}`);
    }
  return [
    {
      name: "service: p99 of cached reads while a dependency is dead or slow, against all well (each dependency, each way)",
      unit: "×",
      bound: 1.2,
      values: ratios,
    },
    { name: "service: cached reads that failed meanwhile", unit: "requests", bound: 0, values: failed },
  ];
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
    { name: `service: resident memory of an api under peak load`, unit: "MiB", bound: 250, values: sizes },
    { name: `service: growth of it over the second half of the run`, unit: "MiB/min", bound: 1, values: [growth] },
  ];
}

/** Of the line through the points that has the least squares. */
function slope(points: [number, number][]): number {
  const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [x, y] = [mean(points.map(([at]) => at)), mean(points.map(([, value]) => value))];
  const above = points.reduce((sum, [at, value]) => sum + (at - x) * (value - y), 0);
  return above / points.reduce((sum, [at]) => sum + (at - x) ** 2, 0);
}
