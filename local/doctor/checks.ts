import type { Check } from "./check.ts";
import { clusterChecks } from "./cluster.ts";
import { hostChecks } from "./host.ts";

/** Everything that `make doctor` looks at, in the order in which it is shown. */
export function checksFor(cluster: string): Check[] {
  return [...hostChecks(), ...clusterChecks(cluster)];
}
