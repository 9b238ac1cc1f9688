import { join } from "node:path";
import { tuneStack } from "@media/loadtests/tuning";
import { layoutOf } from "../cluster/layout.ts";
import { numberOf } from "../lib/numbers.ts";
import { REPO } from "../lib/paths.ts";
import { sizesOfStack, tunedProgram } from "../stack/automation.ts";
import { useEnvironment } from "../stack/environment.ts";
import type { Options } from "./options.ts";

/** Finds a stack's bottleneck under load, and tries what may help. */
export async function tune(options: Options): Promise<void> {
  const { stack: name, name: cluster, shape, back } = options;
  const layout = layoutOf(cluster);
  useEnvironment(layout, name);
  const stack = { layout, name };
  const numbers = { rate: numberOf("RATE", options.rate), seconds: numberOf("SECONDS", options.seconds) };
  const counts = { runs: numberOf("RUNS", options.runs), rounds: numberOf("ROUNDS", options.rounds) };
  const given = Object.entries({ ...numbers, ...counts }).filter(([, value]) => value !== undefined);
  await tuneStack({
    stack: name,
    program: tunedProgram(stack, await sizesOfStack(stack)),
    dir: join(REPO, "evidence"),
    ...(shape && { shape }),
    ...(back && { back }),
    ...Object.fromEntries(given),
  });
}
