import { rm } from "node:fs/promises";
import { stopCluster } from "../cluster/cluster.ts";
import { layoutOf } from "../cluster/layout.ts";
import { UserError } from "../lib/errors.ts";
import { kills } from "../soak/kills.ts";
import type { Options } from "./options.ts";

/** A cluster of its own, so that it neither needs nor disturbs the one that is worked with. */
const NAME = "soak";
const SOAKS = { kills: { run: kills, rounds: 20 } };

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
