import { foretold, measuredBy } from "@media/loadtests/capacity";
import type { Result } from "@media/loadtests/result";
import { stopCluster } from "../cluster/cluster.ts";
import type { Layout } from "../cluster/layout.ts";
import { REPO } from "../lib/paths.ts";
import { say } from "../lib/progress.ts";
import { judgeManifests } from "../manifests/manifests.ts";
import { POLICIES } from "../stack/pulumi.ts";
import { buildTools } from "../toolchain/build.ts";
import { drill, emptied, inFreshClone, NAME, pulumi, timedMake } from "./commands.ts";
import { drillMeasures } from "./drills.ts";
import type { Interruptible } from "./interrupt.ts";
import type { Measure } from "./measure.ts";
import { cores, memoryGiB } from "./rest.ts";
import { webMeasures } from "./web.ts";

/** A figure of a whole cluster with its stacks. */
export interface ClusterMeasure extends Measure {
  readonly bound: number;
  /** It takes hours or gigabytes: measured only when it is named. @default false */
  readonly costly?: boolean;
  /** No cluster may run meanwhile: it makes its own, or needs none and would be slower beside one. @default false */
  readonly alone?: boolean;
}

const REST_SECONDS = 300;
/** Counts of the restarts drill that must be 0. */
const UNWANTED = ["requestsFailed", "eventsLost", "eventsDoubled", "jobsLost", "jobsDoubled"] as const;

/**
 * The figures of a cluster, by the names that ONLY takes.
 *
 * @param layout of the bench's cluster; asked for when it is needed, because asking creates its folder
 * @param work ends the commands after a signal
 */
export function clusterMeasures(layout: () => Layout, work: Interruptible): Readonly<Record<string, ClusterMeasure>> {
  const make = (verb: string, ...variables: string[]) => timedMake(work, verb, ...variables);
  return {
    cold: {
      name: "cold `make up` in a fresh clone with all caches empty",
      unit: "s",
      bound: 1800,
      runs: 1,
      costly: true,
      alone: true,
      once: async () => {
        await emptied(layout());
        return inFreshClone(work, "up", () => stopCluster(layout()));
      },
    },
    fresh: {
      name: "`make up` from nothing running to a verified journey, tools and images built",
      unit: "s",
      bound: 120,
      runs: 3,
      once: async () => {
        await emptied(layout());
        return make("up");
      },
    },
    again: { name: "second `make up` with nothing changed", unit: "s", bound: 20, runs: 5, once: () => make("up") },
    up: {
      name: "no-op `pulumi up` of the dev stack",
      unit: "s",
      bound: 5,
      runs: 7,
      once: () => pulumi(layout(), "up", "--yes", "--skip-preview"),
    },
    preview: {
      name: "no-op preview of the dev stack",
      unit: "s",
      bound: 4,
      runs: 7,
      once: () => pulumi(layout(), "preview"),
    },
    policies: {
      name: "policy pack: what it adds to a no-op preview of the dev stack",
      unit: "s",
      bound: 2,
      runs: 7,
      once: async () => {
        const without = await pulumi(layout(), "preview");
        return (await pulumi(layout(), "preview", ...POLICIES)) - without;
      },
    },
    memory: {
      name: "memory (sum of PSS) of the cluster with base and dev at rest",
      unit: "GiB",
      bound: 4,
      runs: 5,
      once: () => memoryGiB(layout()),
    },
    cpu: {
      name: `CPU of the cluster with base and dev at rest, mean over ${REST_SECONDS} s`,
      unit: "cores",
      bound: 0.6,
      runs: 1,
      once: () => cores(layout(), REST_SECONDS, (seconds) => work.sleep(seconds)),
    },
    recreate: {
      name: "recreate drill of dev: RTO, from the first object destroyed to a verified journey",
      unit: "s",
      bound: 240,
      runs: 3,
      once: async () => (await drill(work, "recreate")).rtoSeconds ?? Number.NaN,
    },
    restarts: {
      name: "service: failed requests, lost or doubled socket events and jobs over 50 rolling restarts of api and worker under load",
      unit: "cases",
      bound: 0,
      runs: 1,
      costly: true,
      once: async () => {
        const { findings } = await drill(work, "restarts");
        return UNWANTED.reduce((sum, key) => sum + Number(findings[key]), 0);
      },
    },
    usl: {
      name: "capacity: error of the throughput at the highest loads that the law of the lower ones foretells, stress run of dev",
      unit: "%",
      bound: 10,
      runs: 1,
      once: async () => {
        const args = ["-s", "load", `NAME=${NAME}`, "STACK=dev", "SHAPE=stress", "JSON=1"];
        // Its exit code is of the objectives, which a stress run misses.
        const { stdout } = await work.child("make", args, { cwd: REPO, stdin: "ignore", reject: false });
        const found = foretold(measuredBy(JSON.parse(String(stdout)) as Result));
        return found ? Math.abs(found.predicted / found.measured - 1) * 100 : Number.NaN;
      },
    },
    ...webMeasures(layout),
    ...drillMeasures(work),
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
    report: {
      name: "`make preview-report` over six stacks with warm caches",
      unit: "s",
      bound: 35,
      runs: 3,
      alone: true,
      once: () => make("preview-report", "BASE=HEAD", "OUT=/dev/null"),
    },
    manifests: {
      name: "objects of the six stacks that kubeconform (strict) refuses, or kube-score calls critical without an argued reason",
      unit: "cases",
      bound: 0,
      runs: 1,
      alone: true,
      once: async () => {
        const tools = await buildTools(["kubeconform", "kube-score"], say);
        const paths = { kubeconform: tools.kubeconform as string, kubeScore: tools["kube-score"] as string };
        const { invalid, open } = await judgeManifests(paths);
        return invalid.length + open.length;
      },
    },
    "cold-test": {
      name: "`make test` in a fresh clone with all caches empty",
      unit: "s",
      bound: 900,
      runs: 1,
      costly: true,
      alone: true,
      once: () => inFreshClone(work, "test"),
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
}
