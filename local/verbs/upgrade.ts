import { existsSync } from "node:fs";
import { cp, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { isRunning, kubectl, startCluster, stopCluster, waitReady } from "../cluster/cluster.ts";
import { type Layout, layoutOf } from "../cluster/layout.ts";
import { UserError } from "../lib/errors.ts";
import { phase, say } from "../lib/progress.ts";
import { buildTools } from "../toolchain/build.ts";
import { KUBERNETES } from "../toolchain/catalogue.ts";
import type { Options } from "./options.ts";
import { type Step, stepOf } from "./upgrade.plan.ts";

/**
 * Brings the embedded cluster to the Kubernetes that this checkout pins. Its data stays; what etcd held before is kept
 * until the new one is there. Pods are away for as long as the cluster takes to start.
 */
export async function upgrade(options: Options): Promise<void> {
  const layout = layoutOf(options.name);
  if (!isRunning(layout))
    throw new UserError(
      `cluster ${options.name} does not run`,
      `make up NAME=${options.name}, with the checkout that it was made with`,
    );
  const step = stepOf(await running(layout), KUBERNETES);
  if (step.kind === "none") return say(`cluster ${options.name} runs Kubernetes ${KUBERNETES} already`);
  // The old one serves while the new one is built.
  await phase(`building Kubernetes ${KUBERNETES}`, () => buildTools(["supervisor", "pause", "kubernetes"], say));
  await phase("stopping the cluster", () => stopCluster(layout));
  await replaced(layout, step);
  const { up } = await import("./up.ts");
  await up(options);
  await rm(kept(layout), { recursive: true, force: true });
  say(`cluster ${options.name} was upgraded from Kubernetes ${step.from} to ${step.to}`);
}

const etcd = (layout: Layout) => join(layout.dir, "etcd");
const kept = (layout: Layout) => join(layout.dir, "etcd.before-upgrade");

/** Starts the new one on a copy of what the old one left; where it does not start, the data is as before. */
async function replaced(layout: Layout, { from, to }: Step): Promise<void> {
  if (!existsSync(kept(layout))) await cp(etcd(layout), kept(layout), { recursive: true, preserveTimestamps: true });
  try {
    await phase(`starting Kubernetes ${to}`, async () => {
      await startCluster(layout);
      await waitReady(layout);
    });
    const now = await running(layout);
    if (now !== to) throw new Error(`the API server says that it is ${now}`);
  } catch (error) {
    await stopCluster(layout);
    await rm(etcd(layout), { recursive: true });
    await rename(kept(layout), etcd(layout));
    throw new UserError(
      `Kubernetes ${to} did not start: ${(error as Error).message}`,
      `the data is as before: check out what pins ${from}, and make up NAME=${layout.name}`,
      layout.logDir,
    );
  }
}

/** Version of the API server that answers, without its "v". */
async function running(layout: Layout): Promise<string> {
  const { stdout } = await kubectl(layout, ["version", "-o", "json"]);
  return (JSON.parse(stdout) as { serverVersion: { gitVersion: string } }).serverVersion.gitVersion.replace(/^v/, "");
}
