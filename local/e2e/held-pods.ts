import { kubectl } from "../cluster/cluster.ts";
import { layout } from "./commands.ts";

const IN_DEV = ["-n", "media-dev"];
const SECONDS = 300;

/** CronJobs whose pods live for a short time only, each with a command of its image that does nothing. */
const HELD = {
  "continuous-drill": ["sleep", String(SECONDS)],
  prober: ["node", "-e", `setTimeout(() => {}, ${SECONDS * 1000})`],
  "restore-proof": ["sleep", String(SECONDS)],
} as const;

/** Runs `work` while exactly one pod of each of these CronJobs exists, with the labels and links of its template. */
export async function withHeldPods<T>(work: () => Promise<T>): Promise<T> {
  const names = Object.keys(HELD) as (keyof typeof HELD)[];
  await Promise.all(names.map((name) => suspend(name, true)));
  try {
    await Promise.all(names.map(hold));
    return await work();
  } finally {
    await kubectl(layout(), [...IN_DEV, "delete", "job", ...names.map(jobOf), "--ignore-not-found"]);
    await Promise.all(names.map((name) => suspend(name, false)));
  }
}

const jobOf = (name: string) => `held-${name}`;

async function hold(name: keyof typeof HELD): Promise<void> {
  // A run that has begun is ended: it would be a second pod of the workload.
  const begun = ["delete", "pod", "-l", `app.kubernetes.io/name=${name}`, "--field-selector=status.phase=Running"];
  await kubectl(layout(), [...IN_DEV, ...begun, "--ignore-not-found"]);
  const args = ["create", "job", jobOf(name), `--from=cronjob/${name}`, "--dry-run=client", "-o", "json"];
  const job = JSON.parse((await kubectl(layout(), [...IN_DEV, ...args])).stdout);
  job.spec.activeDeadlineSeconds = SECONDS;
  job.spec.template.spec.containers[0].command = HELD[name];
  job.spec.template.spec.containers[0].args = [];
  await kubectl(layout(), ["create", "-f", "-"], JSON.stringify(job));
  const ready = ["wait", "--for=condition=Ready", "pod", "-l", `job-name=${jobOf(name)}`, "--timeout=60s"];
  await kubectl(layout(), [...IN_DEV, ...ready]);
}

function suspend(name: string, suspended: boolean) {
  const patch = JSON.stringify({ spec: { suspend: suspended } });
  return kubectl(layout(), [...IN_DEV, "patch", "cronjob", name, "--type=merge", "-p", patch]);
}
