import { parseArgs } from "node:util";
import { failWith, UserError } from "../lib/errors.ts";
import { say } from "../lib/progress.ts";
import { ceiling } from "./ceiling.ts";
import { changes } from "./changes.ts";
import { first } from "./first.ts";
import { limit } from "./limit.ts";
import { leak, profiles } from "./profiles.ts";
import { report } from "./report.ts";
import type { Row } from "./row.ts";
import { seeding } from "./seeding.ts";
import { accuracy, spread } from "./spread.ts";

/** Each measures so many rounds. */
const MEASUREMENTS: Readonly<Record<string, (rounds: number) => Promise<Row[]>>> = {
  ceiling,
  accuracy,
  spread,
  changes,
  limit,
  seeding,
  report,
  profiles,
  leak,
  first,
};

/**
 * Measures load tests and profiles on this machine, without a cluster: `node loadtests/bench/main.ts [--only "spread report"]
 * [--rounds 5]`. Figures come out as JSON on stdout, progress on stderr.
 */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      only: { type: "string", default: Object.keys(MEASUREMENTS).join(" ") },
      rounds: { type: "string", default: "5" },
    },
  });
  const rows: Row[] = [];
  for (const name of values.only.split(/\s+/)) {
    const measure = MEASUREMENTS[name];
    if (!measure) throw new UserError(`there is no ${name}`, `take of ${Object.keys(MEASUREMENTS).join(", ")}`);
    say(`== ${name}`);
    rows.push(...(await measure(Number(values.rounds))));
  }
  process.stdout.write(`${JSON.stringify(rows, null, 2)}\n`);
}

try {
  await main();
  process.exit(0);
} catch (error) {
  failWith(error);
}
