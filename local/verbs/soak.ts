import { rm } from "node:fs/promises";
import { stopCluster } from "../cluster/cluster.ts";
import { layoutOf } from "../cluster/layout.ts";
import { UserError } from "../lib/errors.ts";
import { cleanIncidents, incidents } from "../soak/incidents.ts";
import { injections } from "../soak/injections.ts";
import { kills } from "../soak/kills.ts";
import { loadTools } from "../soak/load-tools.ts";
import { longTest } from "../soak/long.ts";
import { webRestarts } from "../soak/web-restarts.ts";
import type { Options } from "./options.ts";

/** A cluster of its own, so that it neither needs nor disturbs the one that is worked with. */
const NAME = "soak";
const SOAKS = {
  kills: { run: kills, rounds: 20 },
  "load-tools": { run: loadTools, rounds: 1 },
  scaling: { run: () => longTest("scaling", "scaling"), rounds: 1 },
  bottlenecks: { run: () => longTest("bottlenecks", "bottlenecks"), rounds: 1 },
  tuning: { run: () => longTest("tuning", "tuning"), rounds: 1 },
  rotation: { run: () => longTest("rotation", "rotation"), rounds: 1 },
  promotion: { run: () => longTest("promotion", "a warm standby"), rounds: 1 },
  "load-in-cluster": { run: () => longTest("load-in-cluster", "a generator in the cluster"), rounds: 1 },
  "web-faults": { run: () => longTest("web-faults", "the front end without"), rounds: 1 },
  "web-restarts": { run: webRestarts, rounds: 50 },
  guide: { run: () => longTest("guide", "the guide for a cluster"), rounds: 1 },
  incidents: { run: incidents, rounds: 5 },
  injections: { run: injections, rounds: 1 },
  // COUNT: hours.
  "incidents-clean": { run: cleanIncidents, rounds: 2 },
};

/** What takes too long for `make e2e`. */
export async function soak({ only, count, seed }: Options): Promise<void> {
  const wanted = only?.split(/\s+/).filter(Boolean) ?? Object.keys(SOAKS);
  const unknown = wanted.filter((name) => !(name in SOAKS));
  if (unknown.length > 0)
    throw new UserError(`no such soak: ${unknown.join(", ")}`, `take of ${Object.keys(SOAKS).join(", ")}`);
  const layout = layoutOf(NAME);
  try {
    for (const name of wanted as (keyof typeof SOAKS)[]) {
      const { run, rounds } = SOAKS[name];
      await run(layout, whole("COUNT", count) ?? rounds, whole("SEED", seed) ?? 1);
    }
  } finally {
    await stopCluster(layout);
    await rm(layout.dir, { recursive: true, force: true });
  }
}

function whole(variable: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^\d+$/.test(text)) throw new UserError(`${variable} is "${text}"`, `give a whole number: ${variable}=20`);
  return Number(text);
}
