import { layoutOf } from "../cluster/layout.ts";
import { UserError } from "../lib/errors.ts";
import { useEnvironment } from "../stack/environment.ts";
import { ensureStack, pulumiWithConfig } from "../stack/pulumi.ts";
import type { Options } from "./options.ts";

/** Shows what `make up` would change in the stack. */
export async function preview({ stack, name }: Options): Promise<void> {
  const target = { layout: layoutOf(name), name: stack };
  useEnvironment(target.layout, stack);
  await ensureStack(target);
  const { exitCode } = await pulumiWithConfig(target, "preview", ["--diff"]);
  if (exitCode !== 0) throw new UserError(`stack ${stack}: pulumi preview failed`, "read its message above");
}
