import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Evidence } from "@media/drills/evidence";
import { execa } from "execa";
import { stopCluster } from "../cluster/cluster.ts";
import type { Layout } from "../cluster/layout.ts";
import { CACHE, REPO } from "../lib/paths.ts";
import { endOrphans } from "../stack/locks.ts";
import { pulumiWithConfig } from "../stack/pulumi.ts";
import type { Interruptible } from "./interrupt.ts";
import { timed } from "./measure.ts";

/** Name of the bench's own cluster. */
export const NAME = "bench";

const SILENT = { cwd: REPO, stdin: "ignore", stdout: "ignore", stderr: "pipe" } as const;

/** Seconds that a make verb takes on the bench's cluster. */
export const timedMake = (work: Interruptible, verb: string, ...variables: string[]) =>
  timed(() => work.child("make", ["-s", verb, `NAME=${NAME}`, ...variables], SILENT));

/**
 * Seconds of a verb in a fresh clone with caches of its own. Debian's packages are installed already.
 *
 * @param end called before the caches are removed
 */
export async function inFreshClone(work: Interruptible, verb: string, end = async () => {}): Promise<number> {
  const cache = await mkdtemp(join(dirname(CACHE), "cold-"));
  const cwd = join(cache, "clone");
  try {
    await execa("git", ["clone", "--quiet", REPO, cwd]);
    const env = { XDG_CACHE_HOME: cache, npm_config_cache: join(cache, "npm") };
    return await timed(() => work.child("make", ["-s", verb, `NAME=${NAME}`], { ...SILENT, cwd, env }));
  } finally {
    await end();
    await rm(cache, { recursive: true, force: true });
  }
}

/** Seconds of a pulumi verb on stack dev that must change nothing. */
export async function pulumi(layout: Layout, verb: string, ...args: string[]): Promise<number> {
  const stack = { layout, name: "dev" };
  return timed(async () => {
    const result = await pulumiWithConfig(stack, verb, [...args, "--expect-no-changes"], { show: false });
    if (result.exitCode !== 0) throw new Error(`pulumi ${verb} changed something:\n${result.stdout}`);
  });
}

/** Runs a drill and returns its evidence, whether it passed or not. */
export async function drill(work: Interruptible, kind: string, ...more: string[]): Promise<Evidence> {
  const variables = [`NAME=${NAME}`, `KIND=${kind}`, "STACK=dev", "CONFIRM=dev", ...more];
  await work.child("make", ["-s", "drill", ...variables], { ...SILENT, reject: false });
  const folder = join(REPO, "evidence");
  const newest = (await readdir(folder))
    .filter((file) => file.endsWith(`-${kind}.json`))
    .sort()
    .at(-1);
  if (!newest) throw new Error(`the drill "${kind}" left no evidence in ${folder}`);
  return JSON.parse(await readFile(join(folder, newest), "utf8")) as Evidence;
}

/** Removes the bench's cluster, running or stored, and Pulumi programs whose engine was killed. The caches stay. */
export async function emptied(layout: Layout): Promise<void> {
  await endOrphans({ layout, name: "dev" });
  await stopCluster(layout);
  await rm(layout.dir, { recursive: true, force: true });
}
