import { randomUUID } from "node:crypto";
import { messageOf, UserError } from "./errors.ts";
import { eventually } from "./eventually.ts";
import { kubectl, type Stack } from "./stack.ts";

const TEMPLATE = "cronjob/restore-proof";
/** Marks what a drill made, so that the next one finds what was left behind. */
const MARK = "media-platform/drill";
const START_SECONDS = 90;
/** The pod of a job that ended is removed after this time, also where no drill is left to do it. */
const TTL_SECONDS = 300;

interface Container {
  image: string;
  command: string[];
}

interface JobManifest {
  metadata: { labels?: Record<string, string>; ownerReferences?: unknown };
  spec: {
    activeDeadlineSeconds?: number;
    ttlSecondsAfterFinished?: number;
    template: { metadata: { labels?: Record<string, string> }; spec: { containers: Container[] } };
  };
}

/** A program of the recovery layer that runs in the stack. */
export interface RecoveryJob {
  readonly name: string;
  /** Waits until the log has a line. */
  saw(line: string): Promise<void>;
  /** Runs a command in its container. */
  exec(command: readonly string[]): Promise<string>;
  /** Waits for the end and returns the last line of its log, which is JSON. */
  result<T>(): Promise<{ readonly result: T; readonly log: string }>;
  remove(): Promise<void>;
}

/**
 * Starts a script of infra/recovery/scripts as a Job, in the restore proof's pod: with its image, secrets and network.
 *
 * @param command such as `["writer.py", "--table", "a.b"]`
 * @param seconds after which Kubernetes ends it
 * @param image in place of the proof's own; it must have what the script calls
 * @throws UserError where the stack has no recovery layer
 */
export async function startJob(
  stack: Stack,
  command: readonly string[],
  seconds: number,
  image?: string,
): Promise<RecoveryJob> {
  const [script = "", ...args] = command;
  const name = `drill-${script.replace(/\.py$/, "")}-${randomUUID().slice(0, 8)}`;
  const made = await kubectl(stack, [
    "create",
    "job",
    name,
    `--from=${TEMPLATE}`,
    "--dry-run=client",
    "-o",
    "json",
  ]).catch((error: unknown) => {
    if (!/NotFound|not found/.test(messageOf(error))) throw error;
    throw new UserError(
      `stack ${stack.name} has no ${TEMPLATE}: its recovery layer is not there`,
      "add recovery to `layers` of the stack's configuration, and bring the stack up",
    );
  });
  const job = JSON.parse(made) as JobManifest;
  // A CronJob keeps the newest of its jobs that ended: one that ran longer than the schedule's next would be gone with its log.
  delete job.metadata.ownerReferences;
  job.metadata.labels = { ...job.metadata.labels, [MARK]: "job" };
  job.spec.activeDeadlineSeconds = seconds;
  job.spec.ttlSecondsAfterFinished = TTL_SECONDS;
  const container = job.spec.template.spec.containers[0] as Container;
  container.command = ["python3", `/opt/scripts/${script}`, ...args];
  if (image) container.image = image;
  await kubectl(stack, ["create", "-f", "-"], JSON.stringify(job));
  const log = () => kubectl(stack, ["logs", `job/${name}`]);
  return {
    name,
    saw: (line) =>
      eventually(`${name} to print "${line}"`, START_SECONDS, async () => {
        const text = await log();
        if (!text.includes(line)) throw new Error(text.slice(-300) || "it has not begun");
      }),
    exec: (inside) => kubectl(stack, ["exec", `job/${name}`, "--", ...inside]),
    async result<T>() {
      const state = ["get", "job", name, "-o", "jsonpath={.status.succeeded}{.status.failed}"];
      await eventually(`the end of ${name}`, seconds + START_SECONDS, async () => {
        if ((await kubectl(stack, state)) === "") throw new Error("it runs");
      });
      const text = await log();
      const last = text.trimEnd().split("\n").at(-1) ?? "";
      try {
        return { result: JSON.parse(last) as T, log: text };
      } catch {
        throw new Error(`${name} ended without a result: ${text.slice(-800)}`);
      }
    },
    remove: async () => void (await kubectl(stack, ["delete", "job", name, "--ignore-not-found", "--wait=false"])),
  };
}

/** Removes the jobs of drills that were cut off. */
export async function removeJobs(stack: Stack): Promise<void> {
  await kubectl(stack, ["delete", "jobs", "-l", MARK, "--ignore-not-found", "--wait=false"]);
}
