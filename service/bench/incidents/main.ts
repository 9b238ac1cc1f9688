import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { startWorld, type World } from "../../test/responder-world.ts";
import type { Row } from "../main.ts";
import { tell } from "../rounds.ts";
import { faults, kills, replays } from "./measurements.ts";
import { outages } from "./outages.ts";
import { storm } from "./storm.ts";

/** Each on servers of its own: what one leaves behind does not weigh on the next. */
const MEASUREMENTS: Record<string, (world: World) => Promise<Row[]>> = { faults, replays, kills, outages, storm };

/**
 * Measures the responder on this machine: `node service/bench/incidents/main.ts [--only "replays storm"]`. Figures come out
 * as JSON on stdout, progress on stderr.
 */
const { values } = parseArgs({ options: { only: { type: "string", default: Object.keys(MEASUREMENTS).join(" ") } } });
// The image has its code compiled; without that a process holds the compiler too.
process.env.NODE_COMPILE_CACHE ??= join(tmpdir(), "media-compiled");
const rows: Row[] = [];
for (const name of values.only.split(/\s+/)) {
  const run = MEASUREMENTS[name];
  if (!run) throw new Error(`there is no ${name}; take of ${Object.keys(MEASUREMENTS).join(", ")}`);
  tell(`== ${name}`);
  const world = await startWorld();
  rows.push(...(await run(world).finally(() => world.stop())));
}
process.stdout.write(`${JSON.stringify(rows, null, 2)}\n`);
process.exit(0);
