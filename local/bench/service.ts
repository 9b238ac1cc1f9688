import { join } from "node:path";
import { execa } from "execa";
import type { Row } from "../../service/bench/main.ts";
import { REPO } from "../lib/paths.ts";
import type { Group } from "./measure.ts";

/** Its measurements, as service/bench/main.ts knows them. */
const NAMES = ["read", "pipeline", "create", "telemetry", "overload", "faults", "memory"];

/**
 * The service measures itself, side by side with what it is compared to; see service/bench/main.ts. Each measurement by
 * itself, so that an interruption costs only the one under way: `make bench ONLY=service-read`.
 */
export const services: Readonly<Record<string, Group>> = {
  service: async (measure) => {
    for (const name of NAMES) await run(name, measure);
  },
  ...Object.fromEntries(NAMES.map((name): [string, Group] => [`service-${name}`, (measure) => run(name, measure)])),
};

async function run(only: string, measure: Parameters<Group>[0]): Promise<void> {
  const program = join(REPO, "service/bench/main.ts");
  const { stdout } = await execa(process.execPath, [program, "--only", only], { stdin: "ignore", stderr: "inherit" });
  for (const { name, unit, values, ...limit } of JSON.parse(stdout) as Row[]) {
    const kept = "atLeast" in limit ? { bound: limit.atLeast, atLeast: true as const } : limit;
    // Measured already, in turns with the others.
    const left = [...values];
    const once = async () => left.shift() ?? Number.NaN;
    await measure({ name, unit, ...kept, runs: values.length, once });
  }
}
