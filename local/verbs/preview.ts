import { existsSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { type Layout, layoutOf } from "../cluster/layout.ts";
import { UserError } from "../lib/errors.ts";
import { REPO } from "../lib/paths.ts";
import { say } from "../lib/progress.ts";
import { overlayFolder, useEnvironment } from "../stack/environment.ts";
import { ensureStack, POLICIES, pulumiWithConfig } from "../stack/pulumi.ts";
import { BIN } from "../toolchain/build.ts";
import type { Options } from "./options.ts";

/** What `make up` would change in the stack; of a stack that is not up here, what this branch changes in it. */
export async function preview({ stack, name }: Options): Promise<void> {
  const target = { layout: layoutOf(name), name: stack };
  if (!wasUp(target.layout, stack)) return withoutCluster(stack, name);
  useEnvironment(target.layout, stack);
  await ensureStack(target);
  const { exitCode } = await pulumiWithConfig(target, "preview", ["--diff", ...POLICIES]);
  if (exitCode !== 0) throw new UserError(`stack ${stack}: pulumi preview failed`, "read its message above");
}

/** `make up` has built the engine, and written the stack's configuration for this cluster. */
const wasUp = (layout: Layout, stack: string) =>
  existsSync(join(BIN, "pulumi")) && existsSync(join(overlayFolder(layout), `${stack}.json`));

async function withoutCluster(stack: string, name: string): Promise<void> {
  if (!existsSync(join(REPO, `Pulumi.${stack}.yaml`)))
    throw new UserError(`there is no stack "${stack}"`, "take one of base, dev, staging, perf, prod, dr: STACK=dev");
  say(
    `stack ${stack} is not up on cluster ${name}, so there is no state to compare with: comparing with the base branch`,
  );
  say(`for a preview against a cluster: make up STACK=${stack} first, or plain pulumi preview with your own cluster`);
  const report = await execa(process.execPath, [join(REPO, "infra/preview/main.ts"), "--stack", stack], {
    stdout: "inherit",
    stderr: "inherit",
    reject: false,
  });
  if (report.exitCode !== 0)
    throw new UserError(`stack ${stack}: the change must not be merged as it is`, "mend what is named above");
}
