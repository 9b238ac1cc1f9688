import { layoutOf } from "../cluster/layout.ts";
import { phase, say } from "../lib/progress.ts";
import { bringBack } from "../stack/copies/states.ts";
import { prepareEnvironment, useEnvironment } from "../stack/environment.ts";
import type { Options } from "./options.ts";
import { prepareCluster } from "./up.ts";

/** Brings the states of a stack and of the base stack back from their copy in the backup store, where they are lost here. */
export async function restoreState({ stack, name, recovery }: Options): Promise<void> {
  const layout = layoutOf(name);
  await prepareEnvironment(layout);
  useEnvironment(layout, stack);
  // The store may be one of the cluster's own.
  await prepareCluster(layout);
  const { names, at } = await phase("states", () => bringBack({ layout, name: stack }, { file: recovery }));
  say(`brought back, as of ${at}: ${names.join(", ")}; now bring the stack up: make up STACK=${stack}`);
}
