import { parseArgs } from "node:util";
import { type Platform, startPlatform } from "../test/platform.ts";
import { document } from "./document.ts";
import { storm } from "./storm.ts";

interface Effort {
  /** Of each operation. */
  examples: string;
  seed: string;
}

const ATTACKS: Record<string, (platform: Platform, effort: Effort) => Promise<string[]>> = { document, storm };

/**
 * Attacks an api on real servers, on this machine only: `node service/fuzz/main.ts [--examples 40] [--seed 1]
 * [--only "document storm"]`. Ends with 1 where anything was found.
 */
const { values } = parseArgs({
  options: {
    examples: { type: "string", default: "40" },
    seed: { type: "string", default: "1" },
    only: { type: "string", default: Object.keys(ATTACKS).join(" ") },
  },
});
for (const name of values.only.split(/\s+/)) {
  const attack = ATTACKS[name];
  if (!attack) throw new Error(`there is no ${name}; take of ${Object.keys(ATTACKS).join(", ")}`);
  const platform = await startPlatform();
  const problems = await attack(platform, values).finally(() => platform.stop());
  for (const problem of problems) process.stderr.write(`error: ${name}: ${problem}\n`);
  process.stderr.write(`${name}: ${problems.length === 0 ? "nothing found" : `${problems.length} faults`}\n`);
  if (problems.length > 0) process.exitCode = 1;
}
