import { UserError } from "../lib/errors.ts";
import { type Check, examine } from "./check.ts";
import { clusterChecks } from "./cluster.ts";
import { hostChecks, neededByUp } from "./host.ts";

/** Everything that `make doctor` looks at, in the order in which it is shown. */
export function checksFor(cluster: string): Check[] {
  return [...hostChecks(), ...clusterChecks(cluster)];
}

/** Ends `make up` before it has begun, with all that is in its way at once. */
export async function preflight(cluster: string): Promise<void> {
  const ports = clusterChecks(cluster).filter(({ name }) => name.includes("port"));
  const failed = (await examine([...neededByUp(), ...ports])).filter(({ ok }) => !ok);
  if (failed.length === 0) return;
  const problems = failed.map(({ name, wanted, found }) => `${name}: wanted ${wanted}, found ${found}`);
  const remedies = failed.map(({ name, fix }) => `${name}: ${fix}`);
  throw new UserError(problems.join("\n  "), remedies.join("\n    "));
}
