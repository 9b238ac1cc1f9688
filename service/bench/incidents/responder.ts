import { nodeFlags } from "../../src/process/runtime.ts";
import type { Spawned } from "../../test/platform.ts";
import type { World } from "../../test/responder-world.ts";

/** What a stack of tier small has: a scrape of 10 s and an evaluation (infra/app/uses.plan.ts). */
const QUIET_SECONDS = "15";
/** Memory of its pod (infra/config/tiers.ts), from which Node.js gets its flags. */
const POD_MI = 192;
/** What every figure's name begins with. */
export const WHERE = "incidents, real PostgreSQL and Redis, other programs stood in for:";

/** A responder as it runs in a pod; its port. */
export async function responderOf(
  { platform, env }: World,
  spool: string,
  changes = {},
): Promise<Spawned & { httpPort: number }> {
  const NODE_OPTIONS = nodeFlags(POD_MI).join(" ");
  const spawned = platform.spawn("responder", { ...env(spool), QUIET_SECONDS, NODE_OPTIONS, ...changes });
  const { httpPort } = (await spawned.logged("started")) as { httpPort: number };
  return { ...spawned, httpPort };
}

export const end = async ({ child, exit }: Spawned) => {
  child.kill("SIGKILL");
  await exit;
};
