import { rm } from "node:fs/promises";
import { residue, stopCluster } from "../cluster/cluster.ts";
import { clusterNames, layoutOf } from "../cluster/layout.ts";
import { UserError } from "../lib/errors.ts";
import { CACHE, DATA } from "../lib/paths.ts";
import { phase, say } from "../lib/progress.ts";
import type { Options } from "./options.ts";

/** Stops the embedded cluster and keeps its data. `purge` also removes the data, and with the last cluster the caches. */
export async function down({ name, purge }: Options): Promise<void> {
  if (!clusterNames().includes(name)) return say(`there is no cluster "${name}"`);
  const layout = layoutOf(name);
  await phase(`stopping cluster ${name}`, () => stopCluster(layout));
  const left = await residue(layout);
  if (left.length > 0)
    throw new UserError(
      `left behind by cluster ${name}:\n  ${left.join("\n  ")}`,
      "end or remove these by hand, then run the same again",
    );
  if (!purge) return;
  await phase("removing its data", () => rm(layout.dir, { recursive: true, force: true }));
  if (clusterNames().length > 0) return say(`caches stay, for ${clusterNames().join(", ")}`);
  await phase("removing caches and logs", async () => {
    for (const folder of [CACHE, DATA]) await rm(folder, { recursive: true, force: true });
  });
}
