import { kubectl } from "../cluster/cluster.ts";
import { layout } from "./commands.ts";

const IN_DEV = ["-n", "media-dev"];
const JOB = "held-prober";
const SECONDS = 300;

/**
 * Runs `work` while exactly one pod of the prober's CronJob exists. The CronJob's own pods live for seconds only. This
 * pod has the labels and links of the template, but its command does nothing.
 */
export async function withHeldPods<T>(work: () => Promise<T>): Promise<T> {
  await suspend(true);
  try {
    const args = ["create", "job", JOB, "--from=cronjob/prober", "--dry-run=client", "-o", "json"];
    const { stdout } = await kubectl(layout(), [...IN_DEV, ...args]);
    const job = JSON.parse(stdout);
    job.spec.activeDeadlineSeconds = SECONDS;
    job.spec.template.spec.containers[0].command = ["node", "-e", `setTimeout(() => {}, ${SECONDS * 1000})`];
    await kubectl(layout(), ["create", "-f", "-"], JSON.stringify(job));
    // A round of the prober that ran already is over when this pod is ready.
    const ready = ["wait", "--for=condition=Ready", "pod", "-l", `job-name=${JOB}`, "--timeout=60s"];
    await kubectl(layout(), [...IN_DEV, ...ready]);
    return await work();
  } finally {
    await kubectl(layout(), [...IN_DEV, "delete", "job", JOB, "--ignore-not-found"]);
    await suspend(false);
  }
}

function suspend(suspended: boolean) {
  const patch = JSON.stringify({ spec: { suspend: suspended } });
  return kubectl(layout(), [...IN_DEV, "patch", "cronjob", "prober", "--type=merge", "-p", patch]);
}
