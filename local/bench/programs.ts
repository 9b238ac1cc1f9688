import { join } from "node:path";
import { REPO } from "../lib/paths.ts";
import type { Group } from "./measure.ts";

/** A figure in the JSON that a bench of its own prints. It has an upper bound, a lower one, or none. */
interface Row {
  readonly name: string;
  readonly unit: string;
  readonly values: readonly number[];
  readonly bound?: number;
  readonly atLeast?: number;
}

/** Programs with measurements that need no cluster, beside what is measured. */
const PROGRAMS = {
  service: {
    program: "service/bench/main.ts",
    names: ["read", "pipeline", "create", "telemetry", "overload", "faults", "memory"],
  },
  incidents: {
    program: "service/bench/incidents/main.ts",
    names: ["faults", "replays", "kills", "outages", "storm"],
  },
  load: {
    program: "loadtests/bench/main.ts",
    names: ["ceiling", "accuracy", "spread", "changes", "limit", "seeding", "report", "profiles", "leak", "first"],
  },
} as const;

/** Each measurement has a name of its own, so that an interruption costs only the one under way: `make bench ONLY=service-read`. */
export const programs: Readonly<Record<string, Group>> = Object.fromEntries(
  Object.entries(PROGRAMS).flatMap(([group, { program, names }]): [string, Group][] => [
    [
      group,
      async (...work) => {
        for (const name of names) await run(program, name, ...work);
      },
    ],
    ...names.map((name): [string, Group] => [`${group}-${name}`, (...work) => run(program, name, ...work)]),
  ]),
);

async function run(program: string, only: string, ...[measure, work]: Parameters<Group>): Promise<void> {
  const options = { stdin: "ignore", stderr: "inherit" } as const;
  const { stdout } = await work.child(process.execPath, [join(REPO, program), "--only", only], options);
  for (const { name, unit, values, bound, atLeast } of JSON.parse(String(stdout)) as Row[]) {
    const upper = bound === undefined ? {} : { bound };
    const limit = atLeast === undefined ? upper : { bound: atLeast, atLeast: true as const };
    // The program has measured them already.
    const left = [...values];
    const once = async () => left.shift() ?? Number.NaN;
    await measure({ name, unit, ...limit, runs: values.length, once });
  }
}
