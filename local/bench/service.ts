import { join } from "node:path";
import type { Row } from "../../service/bench/main.ts";
import { REPO } from "../lib/paths.ts";
import type { Group } from "./measure.ts";

/** Its measurements, as service/bench/main.ts knows them. */
const NAMES = ["read", "pipeline", "create", "telemetry", "overload", "faults", "memory"];

/**
 * Figures of the service, measured by service/bench/main.ts beside what it is compared with. Each measurement has a name
 * of its own, so that an interruption costs only the one under way: `make bench ONLY=service-read`.
 */
export const services: Readonly<Record<string, Group>> = {
  service: async (...group) => {
    for (const name of NAMES) await run(name, ...group);
  },
  ...Object.fromEntries(NAMES.map((name): [string, Group] => [`service-${name}`, (...group) => run(name, ...group)])),
};

async function run(only: string, ...[measure, work]: Parameters<Group>): Promise<void> {
  const program = join(REPO, "service/bench/main.ts");
  const options = { stdin: "ignore", stderr: "inherit" } as const;
  const { stdout } = await work.child(process.execPath, [program, "--only", only], options);
  for (const { name, unit, values, ...limit } of JSON.parse(String(stdout)) as Row[]) {
    const kept = "atLeast" in limit ? { bound: limit.atLeast, atLeast: true as const } : limit;
    // The service's program has measured them already.
    const left = [...values];
    const once = async () => left.shift() ?? Number.NaN;
    await measure({ name, unit, ...kept, runs: values.length, once });
  }
}
