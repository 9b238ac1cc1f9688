import { join } from "node:path";
import { execa } from "execa";
import { REPO } from "../lib/paths.ts";
import { type Figure, machine } from "./figures.ts";
import { summarize } from "./statistics.ts";

/** What service/bench prints of each figure. */
type Row = { name: string; unit: string; values: number[] } & ({ bound: number } | { atLeast: number });

/** The service measures itself, side by side with what it is compared to; see service/bench/main.ts. */
export async function benchService(): Promise<Figure[]> {
  const program = join(REPO, "service/bench/main.ts");
  const { stdout } = await execa(process.execPath, [program], { stdin: "ignore", stderr: "inherit" });
  return (JSON.parse(stdout) as Row[]).map(({ name, unit, values, ...limit }) => ({
    name,
    unit,
    ...("atLeast" in limit ? { bound: limit.atLeast, atLeast: true as const } : limit),
    ...summarize(values),
    measuredAt: new Date().toISOString(),
    machine: machine(),
  }));
}
