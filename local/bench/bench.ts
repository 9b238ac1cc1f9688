import { mkdtemp, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Evidence } from "@media/drills/evidence";
import { execa } from "execa";
import { stopCluster } from "../cluster/cluster.ts";
import { type Layout, layoutOf } from "../cluster/layout.ts";
import { UserError } from "../lib/errors.ts";
import { CACHE, REPO } from "../lib/paths.ts";
import { say } from "../lib/progress.ts";
import { useEnvironment } from "../stack/environment.ts";
import { pulumiWithConfig } from "../stack/pulumi.ts";
import { type Figure, machine, record } from "./figures.ts";
import { type Group, type Measure, timed } from "./measure.ts";
import { cores, memoryGiB } from "./rest.ts";
import { services } from "./service.ts";
import { summarize } from "./statistics.ts";

/** A figure of a whole cluster with its stacks. */
interface ClusterMeasure extends Omit<Measure, "once"> {
  readonly bound: number;
  /** Hours, gigabytes or other people's time: only when it is named. @default false */
  readonly costly?: boolean;
  /** No cluster is there meanwhile: it brings its own, or needs none and would be slower beside one. @default false */
  readonly alone?: boolean;
  readonly once: (layout: Layout) => Promise<number>;
}

const NAME = "bench";
const REST_SECONDS = 300;
/** What a new cluster does once, its first backup among it, is over by then. */
const SETTLE_SECONDS = 30;
/** Figures of a cluster on which nothing else goes on. */
const AT_REST = ["up", "preview", "memory", "cpu"];

/** Groups that bring what they need; like what is costly, only when they are named. */
const groups: Readonly<Record<string, Group>> = services;

const measures: Readonly<Record<string, ClusterMeasure>> = {
  cold: {
    name: "cold `make up` in a fresh clone with all caches empty",
    unit: "s",
    bound: 1800,
    runs: 1,
    costly: true,
    alone: true,
    once: async (layout) => {
      await emptied(layout);
      return inFreshClone("up", () => stopCluster(layout));
    },
  },
  fresh: {
    name: "`make up` from nothing running to a verified journey, tools and images built",
    unit: "s",
    bound: 120,
    runs: 3,
    once: async (layout) => {
      await emptied(layout);
      return make("up");
    },
  },
  again: { name: "second `make up` with nothing changed", unit: "s", bound: 20, runs: 5, once: () => make("up") },
  up: {
    name: "no-op `pulumi up` of the dev stack",
    unit: "s",
    bound: 5,
    runs: 7,
    once: (layout) => pulumi(layout, "up", "--yes", "--skip-preview"),
  },
  preview: {
    name: "no-op preview of the dev stack",
    unit: "s",
    bound: 4,
    runs: 7,
    once: (layout) => pulumi(layout, "preview"),
  },
  memory: {
    name: "memory (sum of PSS) of the cluster with base and dev at rest",
    unit: "GiB",
    bound: 4,
    runs: 5,
    once: memoryGiB,
  },
  cpu: {
    name: `CPU of the cluster with base and dev at rest, mean over ${REST_SECONDS} s`,
    unit: "cores",
    bound: 0.6,
    runs: 1,
    once: (layout) => cores(layout, REST_SECONDS),
  },
  recreate: {
    name: "recreate drill of dev: RTO, from the first object destroyed to a verified journey",
    unit: "s",
    bound: 240,
    runs: 3,
    once: async () => (await drill("recreate")).rtoSeconds ?? Number.NaN,
  },
  restarts: {
    name: "service: failed requests, lost or doubled socket events and jobs over 50 rolling restarts of api and worker under load",
    unit: "cases",
    bound: 0,
    runs: 1,
    costly: true,
    once: async () => {
      const { findings } = await drill("restarts");
      return UNWANTED.reduce((sum, key) => sum + Number(findings[key]), 0);
    },
  },
  down: {
    name: "`make down` of a running cluster",
    unit: "s",
    bound: 10,
    runs: 3,
    once: async () => {
      const seconds = await make("down");
      await make("up");
      return seconds;
    },
  },
  "cold-test": {
    name: "`make test` in a fresh clone with all caches empty",
    unit: "s",
    bound: 900,
    runs: 1,
    costly: true,
    alone: true,
    once: () => inFreshClone("test"),
  },
  test: {
    name: "`make test` with the tools built and no cluster running",
    unit: "s",
    bound: 240,
    runs: 1,
    alone: true,
    once: () => make("test"),
  },
};

/** Measures, in the order of the tables and what stands alone first, what is named (by default all that is not costly) and writes docs/figures.md. */
export async function bench(only: readonly string[]): Promise<void> {
  const unknown = only.filter((key) => !measures[key] && !groups[key]);
  if (unknown.length > 0)
    throw new UserError(
      `no such figure: ${unknown.join(", ")}`,
      `take of ${[...Object.keys(measures), ...Object.keys(groups)].join(", ")}: make bench ONLY="up preview"`,
    );
  const chosen = Object.entries(measures).filter(([key, measure]) =>
    only.length > 0 ? only.includes(key) : !measure.costly,
  );
  const layout = layoutOf(NAME);
  useEnvironment(layout, "dev");
  if (chosen.length > 0) await onCluster(layout, chosen);
  for (const key of only) await groups[key]?.(measureAndRecord);
}

async function onCluster(layout: Layout, chosen: readonly (readonly [string, ClusterMeasure])[]): Promise<void> {
  const on = (measure: ClusterMeasure) => measureAndRecord({ ...measure, once: () => measure.once(layout) });
  const together = chosen.filter(([, { alone }]) => !alone);
  try {
    for (const [, measure] of chosen) if (measure.alone) await on(measure);
    if (together.length > 0) await make("up");
    for (const [key, measure] of together) {
      if (AT_REST.includes(key)) await sleep(SETTLE_SECONDS * 1000);
      await on(measure);
    }
  } finally {
    await emptied(layout);
  }
}

async function measureAndRecord({ name, unit, bound, atLeast, runs, once }: Measure): Promise<void> {
  const values: number[] = [];
  for (let run = 1; run <= runs; run++) {
    const value = await once();
    values.push(value);
    say(`${name}: ${value.toFixed(2)} ${unit} (${run}/${runs})`);
  }
  const figure: Figure = {
    name,
    unit,
    ...(bound !== undefined && { bound }),
    ...(atLeast && { atLeast }),
    ...summarize(values),
    measuredAt: new Date().toISOString(),
    machine: machine(),
  };
  await record([figure]);
}

const SILENT = { cwd: REPO, stdin: "ignore", stdout: "ignore", stderr: "pipe" } as const;

const make = (verb: string, ...variables: string[]) =>
  timed(() => execa("make", ["-s", verb, `NAME=${NAME}`, ...variables], SILENT));

/** Seconds of a verb in a fresh clone with caches of its own; `end` comes before they go. Debian's packages are there already. */
async function inFreshClone(verb: string, end = async () => {}): Promise<number> {
  const cache = await mkdtemp(join(dirname(CACHE), "cold-"));
  const cwd = join(cache, "clone");
  try {
    await execa("git", ["clone", "--quiet", REPO, cwd]);
    const env = { XDG_CACHE_HOME: cache, npm_config_cache: join(cache, "npm") };
    return await timed(() => execa("make", ["-s", verb, `NAME=${NAME}`], { ...SILENT, cwd, env }));
  } finally {
    await end();
    await rm(cache, { recursive: true, force: true });
  }
}

async function pulumi(layout: Layout, verb: string, ...args: string[]): Promise<number> {
  const stack = { layout, name: "dev" };
  return timed(async () => {
    const result = await pulumiWithConfig(stack, verb, [...args, "--expect-no-changes"], { show: false });
    if (result.exitCode !== 0) throw new Error(`pulumi ${verb} was no no-op:\n${result.stdout}`);
  });
}

/** Of the drill of rolling restarts. */
const UNWANTED = ["requestsFailed", "eventsLost", "eventsDoubled", "jobsLost", "jobsDoubled"] as const;

/** What a drill wrote into its evidence, whether it passed or not. */
async function drill(kind: string): Promise<Evidence> {
  const variables = [`NAME=${NAME}`, `KIND=${kind}`, "STACK=dev", "CONFIRM=dev"];
  await execa("make", ["-s", "drill", ...variables], { ...SILENT, reject: false });
  const { stdout } = await execa("sh", ["-c", `cat "$(ls ${join(REPO, "evidence")}/*-${kind}.json | tail -1)"`]);
  return JSON.parse(stdout) as Evidence;
}

/** No cluster of that name, running or stored; the caches stay. */
async function emptied(layout: Layout): Promise<void> {
  await stopCluster(layout);
  await rm(layout.dir, { recursive: true, force: true });
}
