import { layoutOf } from "../cluster/layout.ts";
import { recreate } from "../drills/recreate.ts";
import { restarts } from "../drills/restarts.ts";
import { UserError } from "../lib/errors.ts";
import { useEnvironment } from "../stack/environment.ts";
import type { Stack } from "../stack/pulumi.ts";
import type { Options } from "./options.ts";

interface Drill {
  readonly run: (stack: Stack, options: Options) => Promise<void>;
  readonly destroys: boolean;
}

const DRILLS: Readonly<Record<string, Drill>> = {
  recreate: { run: recreate, destroys: true },
  restarts: { run: (stack, { count }) => restarts(stack, count), destroys: false },
};

/** Runs a drill; one that destroys wants the stack's name a second time. */
export async function drill(options: Options): Promise<void> {
  const { stack, name, kind = "", confirm } = options;
  const found = DRILLS[kind];
  if (!found)
    throw new UserError(
      `"${kind}" is no kind of drill`,
      `take one of ${Object.keys(DRILLS).join(", ")}: make drill KIND=recreate STACK=${stack} CONFIRM=${stack}`,
    );
  if (found.destroys && confirm !== stack)
    throw new UserError(
      `the drill "${kind}" destroys stack ${stack} with its volumes`,
      `say so: make drill KIND=${kind} STACK=${stack} CONFIRM=${stack}`,
    );
  const layout = layoutOf(name);
  useEnvironment(layout, stack);
  await found.run({ layout, name: stack }, options);
}
