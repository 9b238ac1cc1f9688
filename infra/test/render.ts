import { fileURLToPath } from "node:url";
import { runRenderer } from "../preview/renderer.ts";
import type { Rendered as Resource } from "../preview/types.ts";
import { configOf, SECRET_MARK, type Stack } from "./fixtures.ts";

export interface Rendered {
  stack: Stack;
  /** What the program registered, secrets in the clear, by type and name. */
  resources: Resource[];
  outputs: Record<string, unknown>;
}

const tree = fileURLToPath(new URL("../..", import.meta.url)).replace(/\/$/, "");

/**
 * A stack of this checkout with the made-up values of fixtures.ts.
 *
 * @param variables environment variables for the program
 * @param config as the engine hands it over
 */
export async function render(
  stack: Stack,
  variables: Readonly<Record<string, string>> = {},
  config = configOf(stack),
): Promise<Rendered> {
  const result = await runRenderer({ tree, stack }, { config, secretMark: SECRET_MARK }, variables);
  if ("errors" in result) throw new Error(`stack ${stack} does not build: ${result.errors}`);
  const byName = (a: Resource, b: Resource) => `${a.type} ${a.name}`.localeCompare(`${b.type} ${b.name}`, "en");
  return { stack, resources: result.resources.sort(byName), outputs: result.outputs ?? {} };
}
