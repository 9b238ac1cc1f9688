import { UserError } from "../lib/errors.ts";
import { phase, say } from "../lib/progress.ts";
import { buildTools } from "../toolchain/build.ts";
import { TOOLS } from "../toolchain/catalogue.ts";
import type { Options } from "./options.ts";

/** Builds tools, by default all but the load tools of packages, which are large, and the checkers of the supply chain. `make up` builds only those that it needs. */
export async function tools({ only }: Options): Promise<void> {
  const all = TOOLS.map(({ name }) => name);
  const built = TOOLS.filter((tool) => ["up", "test"].includes(tool.for)).map(({ name }) => name);
  const wanted = only?.split(/\s+/).filter(Boolean) ?? built;
  const unknown = wanted.filter((name) => !all.includes(name));
  if (unknown.length > 0) throw new UserError(`no such tool: ${unknown.join(", ")}`, `take of ${all.join(", ")}`);
  const paths = await phase("tools", () => buildTools(wanted, say));
  for (const [name, path] of Object.entries(paths)) console.log(`${name.padEnd(24)} ${path}`);
}
