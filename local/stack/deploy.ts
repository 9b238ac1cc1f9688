import { UserError } from "../lib/errors.ts";
import { say } from "../lib/progress.ts";
import { refuseLostBase } from "./copies/states.ts";
import { explain } from "./explain.ts";
import { removeOrphans } from "./orphans.ts";
import { POLICIES, pulumiWithConfig, type Stack } from "./pulumi.ts";
import { recover } from "./recover.ts";

/** `pulumi up` of a stack that may have been cut off at any second. */
export async function deploy(stack: Stack): Promise<void> {
  const hasState = await recover(stack, say);
  if (!hasState && stack.name === "base") await refuseLostBase(stack);
  const result = await pulumiWithConfig(stack, "up", ["--yes", "--skip-preview", "--suppress-outputs", ...POLICIES]);
  if (result.exitCode !== 0) {
    const reasons = await explain(stack).catch(() => []); // the cluster itself may be gone
    throw new UserError(
      [`stack ${stack.name}: pulumi up failed`, ...reasons].join("\n"),
      "read its message above; mend that, then run the same again: it goes on where it stopped",
    );
  }
  await removeOrphans(stack, say);
}

/** `pulumi destroy`: the namespace with everything in it. */
export async function destroy(stack: Stack): Promise<void> {
  await recover(stack, say);
  const result = await pulumiWithConfig(stack, "destroy", ["--yes", "--skip-preview"]);
  if (result.exitCode !== 0)
    throw new UserError(
      `stack ${stack.name}: pulumi destroy failed`,
      "read its message above, then run the same again",
    );
}
