import { existsSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Exception } from "../policy/exceptions.ts";
import type { Policy } from "../policy/types.ts";

/** The policies of a checkout and what they let pass. */
export interface Pack {
  policies: readonly Pick<Policy, "name" | "level">[];
  exceptions: readonly Exception[];
}

/** The pack of a checkout; none where it has none that can be loaded. */
export async function packOf(tree: string): Promise<Pack | undefined> {
  const load = async (file: string) =>
    (await import(pathToFileURL(join(tree, "infra/policy", file)).href)) as Record<string, unknown>;
  if (!existsSync(join(tree, "infra/policy/evaluate.ts"))) return undefined;
  try {
    const [{ policies }, { exceptions }] = await Promise.all([load("evaluate.ts"), load("exceptions.ts")]);
    return { policies, exceptions } as Pack;
  } catch {
    return undefined;
  }
}

/** What a branch changes in the pack, a line each: a policy that goes, or an exception that comes, lets more pass. */
export function packChanges(before: Pack | undefined, after: Pack | undefined): string[] {
  if (!before || !after) return ["The policy packs of the two sides could not be compared."];
  const lines = ({ policies, exceptions }: Pack) => [
    ...policies.map(({ name, level }) => `policy ${name} (${level})`),
    ...exceptions.map(({ policy, workload, reason }) => `exception from ${policy} for ${workload}: ${reason}`),
  ];
  const [was, is] = [lines(before), lines(after)];
  return [
    ...is.filter((line) => !was.includes(line)).map((line) => `+ ${line}`),
    ...was.filter((line) => !is.includes(line)).map((line) => `- ${line}`),
  ];
}
