import { parseArgs } from "node:util";
import type { Effort } from "./rounds.ts";
import { tell } from "./rounds.ts";
import { cachedRead, create, telemetry, wholePipeline } from "./speed.ts";
import { openStage, type Stage } from "./stage.ts";
import { faults, memory, overload } from "./stress.ts";

/** A figure: it must not be above `bound`, or not below `atLeast`; without either others are compared with it. */
export type Row = { name: string; unit: string; values: number[] } & ({ bound?: number } | { atLeast: number });

/** Each on a stage of its own: what one leaves behind does not weigh on the next. */
const MEASUREMENTS: Record<string, (stage: Stage, effort: Effort) => Promise<Row[]>> = {
  read: cachedRead,
  pipeline: wholePipeline,
  create,
  telemetry,
  overload,
  faults,
  memory,
};

/**
 * Measures the service on this machine: `node service/bench/main.ts [--only "read create"] [--seconds 8] [--rounds 5]
 * [--soak 600]`. Figures come out as JSON on stdout, progress on stderr.
 */
const { values } = parseArgs({
  options: {
    only: { type: "string", default: Object.keys(MEASUREMENTS).join(" ") },
    seconds: { type: "string", default: "8" },
    rounds: { type: "string", default: "5" },
    soak: { type: "string", default: "600" },
  },
});
const effort: Effort = {
  seconds: Number(values.seconds),
  rounds: Number(values.rounds),
  soakSeconds: Number(values.soak),
};
const rows: Row[] = [];
for (const name of values.only.split(/\s+/)) {
  const run = MEASUREMENTS[name];
  if (!run) throw new Error(`there is no ${name}; take of ${Object.keys(MEASUREMENTS).join(", ")}`);
  tell(`== ${name}`);
  const stage = await openStage();
  rows.push(...(await run(stage, effort).finally(() => stage.stop())));
}
process.stdout.write(`${JSON.stringify(rows, null, 2)}\n`);
process.exit(0);
