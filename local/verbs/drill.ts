import { layoutOf } from "../cluster/layout.ts";
import { recreate } from "../drills/recreate.ts";
import { UserError } from "../lib/errors.ts";
import { useEnvironment } from "../stack/environment.ts";
import type { Stack } from "../stack/pulumi.ts";
import type { Options } from "./options.ts";

const DRILLS: Readonly<Record<string, (stack: Stack) => Promise<void>>> = { recreate };

/** Runs a drill; one that destroys wants the stack's name a second time. */
export async function drill({ stack, name, kind = "", confirm }: Options): Promise<void> {
  const run = DRILLS[kind];
  if (!run)
    throw new UserError(
      `"${kind}" is no kind of drill`,
      `take one of ${Object.keys(DRILLS).join(", ")}: make drill KIND=recreate STACK=${stack} CONFIRM=${stack}`,
    );
  if (confirm !== stack)
    throw new UserError(
      `the drill "${kind}" destroys stack ${stack} with its volumes`,
      `say so: make drill KIND=${kind} STACK=${stack} CONFIRM=${stack}`,
    );
  const layout = layoutOf(name);
  useEnvironment(layout, stack);
  await run({ layout, name: stack });
}
