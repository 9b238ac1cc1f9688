import { mkdtemp, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { execa } from "execa";
import { stopCluster } from "../cluster/cluster.ts";
import { type Layout, layoutOf } from "../cluster/layout.ts";
import { UserError } from "../lib/errors.ts";
import { CACHE, REPO } from "../lib/paths.ts";
import { say } from "../lib/progress.ts";
import { useEnvironment } from "../stack/environment.ts";
import { pulumiWithConfig } from "../stack/pulumi.ts";
import { type Figure, machine, record } from "./figures.ts";
import { cores, memoryGiB } from "./rest.ts";
import { benchService } from "./service.ts";
import { summarize } from "./statistics.ts";

/** A figure and how one value of it is measured. */
interface Measure {
  readonly name: string;
  readonly unit: "s" | "GiB" | "cores";
  readonly bound: number;
  readonly runs: number;
  /** Hours, gigabytes or other people's time: only when it is named. @default false */
  readonly costly?: boolean;
  readonly once: (layout: Layout) => Promise<number>;
}

const NAME = "bench";
const SERVICE = "service";
const REST_SECONDS = 300;

const measures: Readonly<Record<string, Measure>> = {
  cold: {
    name: "cold `make up`, all caches empty",
    unit: "s",
    bound: 1800,
    runs: 1,
    costly: true,
    once: async (layout) => {
      await emptied(layout);
      // A fresh clone with caches of its own: everyone else's stay. Debian's packages are on the machine already.
      const cache = await mkdtemp(join(dirname(CACHE), "cold-"));
      const clone = join(cache, "clone");
      await execa("git", ["clone", "--quiet", REPO, clone]);
      try {
        const environment = { XDG_CACHE_HOME: cache, npm_config_cache: join(cache, "npm") };
        const options = { ...SILENT, cwd: clone, env: environment };
        return await timed(() => execa("make", ["-s", "up", `NAME=${NAME}`], options));
      } finally {
        await stopCluster(layout);
        await rm(cache, { recursive: true, force: true });
      }
    },
  },
  fresh: {
    name: "`make up` with tools and images built, nothing running, to a verified journey",
    unit: "s",
    bound: 120,
    runs: 3,
    once: async (layout) => {
      await emptied(layout);
      return make("up");
    },
  },
  again: { name: "second `make up`, nothing changed", unit: "s", bound: 20, runs: 5, once: () => make("up") },
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
    name: "memory of cluster, base and dev at rest (sum of PSS)",
    unit: "GiB",
    bound: 4,
    runs: 5,
    once: memoryGiB,
  },
  cpu: {
    name: `CPU of the same at rest, over ${REST_SECONDS} s`,
    unit: "cores",
    bound: 0.6,
    runs: 1,
    once: (layout) => cores(layout, REST_SECONDS),
  },
  recreate: {
    name: "the recreate drill, from the first thing destroyed to a verified journey (RTO)",
    unit: "s",
    bound: 240,
    runs: 3,
    once: drill,
  },
  down: {
    name: "`make down`",
    unit: "s",
    bound: 10,
    runs: 3,
    once: async () => {
      const seconds = await make("down");
      await make("up");
      return seconds;
    },
  },
  test: { name: "`make test` with tools built", unit: "s", bound: 300, runs: 1, once: () => make("test") },
};

/** Measures, in the order of the table, what is named (by default all that is not costly) and writes docs/figures.md. */
export async function bench(wanted: readonly string[]): Promise<void> {
  // Needs no cluster, and would be disturbed by one.
  if (wanted.includes(SERVICE)) await record(await benchService());
  const only = wanted.filter((key) => key !== SERVICE);
  if (only.length < wanted.length && only.length === 0) return;
  const unknown = only.filter((key) => !measures[key]);
  if (unknown.length > 0)
    throw new UserError(
      `no such figure: ${unknown.join(", ")}`,
      `take of ${[...Object.keys(measures), SERVICE].join(", ")}: make bench ONLY="up preview"`,
    );
  const layout = layoutOf(NAME);
  const chosen = Object.entries(measures).filter(([key, measure]) =>
    only.length > 0 ? only.includes(key) : !measure.costly,
  );
  useEnvironment(layout, "dev");
  try {
    if (!only.includes("cold")) await make("up");
    for (const [, measure] of chosen) await measureAndRecord(measure, layout);
  } finally {
    await emptied(layout);
  }
}

async function measureAndRecord({ name, unit, bound, runs, once }: Measure, layout: Layout): Promise<void> {
  const values: number[] = [];
  for (let run = 1; run <= runs; run++) {
    const value = await once(layout);
    values.push(value);
    say(`${name}: ${value.toFixed(2)} ${unit} (${run}/${runs})`);
  }
  const figure: Figure = {
    name,
    unit,
    bound,
    ...summarize(values),
    measuredAt: new Date().toISOString(),
    machine: machine(),
  };
  await record([figure]);
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const from = performance.now();
  await work();
  return (performance.now() - from) / 1000;
}

const SILENT = { cwd: REPO, stdin: "ignore", stdout: "ignore", stderr: "pipe" } as const;

const make = (verb: string, ...variables: string[]) =>
  timed(() => execa("make", ["-s", verb, `NAME=${NAME}`, ...variables], SILENT));

async function pulumi(layout: Layout, verb: string, ...args: string[]): Promise<number> {
  const stack = { layout, name: "dev" };
  return timed(async () => {
    const result = await pulumiWithConfig(stack, verb, [...args, "--expect-no-changes"], { show: false });
    if (result.exitCode !== 0) throw new Error(`pulumi ${verb} was no no-op:\n${result.stdout}`);
  });
}

async function drill(): Promise<number> {
  await make("drill", "KIND=recreate", "STACK=dev", "CONFIRM=dev");
  const { stdout } = await execa("sh", ["-c", `cat "$(ls ${join(REPO, "evidence")}/*-recreate.json | tail -1)"`]);
  return (JSON.parse(stdout) as { rtoSeconds: number }).rtoSeconds;
}

/** No cluster of that name, running or stored; the caches stay. */
async function emptied(layout: Layout): Promise<void> {
  await stopCluster(layout);
  await rm(layout.dir, { recursive: true, force: true });
}
