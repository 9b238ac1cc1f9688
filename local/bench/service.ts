import { join } from "node:path";
import { execa } from "execa";
import { REPO } from "../lib/paths.ts";
import type { Group } from "./measure.ts";

/** What service/bench prints of each figure. */
type Row = { name: string; unit: string; values: number[] } & ({ bound: number } | { atLeast: number });

/** The service measures itself, side by side with what it is compared to; see service/bench/main.ts. */
export const bench: Group = async (measure) => {
  const program = join(REPO, "service/bench/main.ts");
  const { stdout } = await execa(process.execPath, [program], { stdin: "ignore", stderr: "inherit" });
  for (const { name, unit, values, ...limit } of JSON.parse(stdout) as Row[]) {
    const kept = "atLeast" in limit ? { bound: limit.atLeast, atLeast: true as const } : limit;
    // Measured already, in turns with the others.
    const left = [...values];
    const once = async () => left.shift() ?? Number.NaN;
    await measure({ name, unit, ...kept, runs: values.length, once });
  }
};
