import { UserError } from "../lib/errors.ts";
import { phase, say } from "../lib/progress.ts";
import { judgeManifests } from "../manifests/manifests.ts";
import { buildTools } from "../toolchain/build.ts";
import type { Options } from "./options.ts";

/** Has kubeconform (strict) and kube-score judge the objects of all stacks, and fails on what has no argued reason. */
export async function manifests({ json }: Pick<Options, "json">): Promise<void> {
  const tools = await phase("tools", () => buildTools(["kubeconform", "kube-score"], say));
  const paths = { kubeconform: tools.kubeconform as string, kubeScore: tools["kube-score"] as string };
  const { objects, invalid, criticals, open, idle } = await phase("judge", () => judgeManifests(paths));
  if (json) console.log(JSON.stringify({ objects, invalid, criticals, open, idle }, null, 2));
  else {
    for (const line of invalid) console.log(`invalid: ${line}`);
    for (const { stack, check, object, problem } of open)
      console.log(`critical: ${stack}, ${object}: ${problem} (${check})`);
  }
  for (const entry of idle)
    console.error(`error: local/manifests/ignored.yaml has "${entry}", which is not found any more: remove it`);
  say(
    `${objects} objects: ${invalid.length} invalid (kubeconform -strict), ${open.length} of ${criticals} critical without a reason (kube-score)`,
  );
  if (invalid.length + open.length + idle.length > 0)
    throw new UserError(
      "the manifests of the stacks are not accepted",
      "mend them in infra/, or argue an entry of local/manifests/ignored.yaml",
    );
}
