import { execFile, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { eventually } from "@media/drills/eventually";
import { kubectl, kubectlCommand, type Stack } from "@media/drills/stack";
import { UserError } from "../lib/errors.ts";
import { say } from "../lib/progress.ts";
import type { Elsewhere } from "../tools/elsewhere.ts";
import { GATEWAY, jobPlan, policyPlans, WORK } from "./job.plan.ts";

const START_SECONDS = 90;
/** To bring the files in and the results out. */
const SPARE_SECONDS = 300;
const MAX_BYTES = 2 ** 30;
/** Tells by its exit code whether the gateway listens. */
const KNOCK = `require("node:net").connect(${GATEWAY.port}, "${GATEWAY.service}").setTimeout(5000, () => process.exit(1)).on("error", () => process.exit(1)).on("connect", () => process.exit(0))`;

export const GATEWAY_INSIDE = `https://${GATEWAY.service}:${GATEWAY.port}`;

/**
 * Runs a generator in a Job of the stack's namespace, which is removed whatever happens; where this process is killed, by its
 * deadline.
 *
 * @param seconds that the run takes
 * @throws UserError where the pod does not start or does not reach the gateway
 */
export async function withGenerator<T>(
  stack: Stack,
  seconds: number,
  work: (elsewhere: Elsewhere) => Promise<T>,
): Promise<T> {
  const name = `load-generator-${randomBytes(4).toString("hex")}`;
  const api = JSON.parse(await kubectl(stack, ["get", "deployment", "api", "-o", "json"]));
  const { containers, imagePullSecrets } = api.spec.template.spec;
  const image = containers.find((one: { name: string }) => one.name === "api").image;
  const deadlineSeconds = Math.ceil(seconds) + SPARE_SECONDS;
  const { name: of, namespace } = stack;
  const args = { stack: of, namespace, name, image, pullSecrets: imagePullSecrets, deadlineSeconds };
  const removal = ["delete", "job", name, "--ignore-not-found", "--wait=false"];
  const removeNow = () => {
    const [program, ...rest] = kubectlCommand(stack, removal);
    spawnSync(program, rest, { timeout: 10_000, env: process.env });
  };
  process.once("exit", removeNow);
  try {
    const job = JSON.parse(await kubectl(stack, ["create", "-f", "-", "-o", "json"], JSON.stringify(jobPlan(args))));
    const policies = { apiVersion: "v1", kind: "List", items: policyPlans(args, job.metadata.uid) };
    await kubectl(stack, ["create", "-f", "-"], JSON.stringify(policies));
    await eventually(`the pod of ${name}`, START_SECONDS, () => kubectl(stack, ["exec", `job/${name}`, "--", "true"]));
    const knocks = () => kubectl(stack, ["exec", `job/${name}`, "--", "node", "-e", KNOCK]);
    await eventually(`an answer of ${GATEWAY_INSIDE}`, START_SECONDS, knocks);
    say(`the generator runs in the cluster: job/${name}`);
    return await work(podOf(stack, name));
  } catch (error) {
    if (/not within|NotFound|Forbidden|not found/.test((error as Error).message))
      throw new UserError(
        `the generator cannot run in namespace ${namespace}: ${(error as Error).message}`,
        `look at: kubectl -n ${namespace} get events; or run it on this machine: WHERE=here`,
      );
    throw error;
  } finally {
    await kubectl(stack, removal).catch((error) => say(`job/${name} is not removed: ${(error as Error).message}`));
    process.removeListener("exit", removeNow);
  }
}

/** @param folder of its files. @default that of the Job's pod */
export function podOf(stack: Stack, name: string, folder = WORK): Elsewhere {
  const exec = (args: readonly string[], input = false) =>
    kubectlCommand(stack, ["exec", ...(input ? ["-i"] : []), `job/${name}`, "--", ...args]);
  const path = (file: string) => `${folder}/${file}`;
  const read = (file: string) => output(exec(["cat", file]));
  return {
    path,
    async send(from) {
      const packed = await output(["tar", "-C", from, "-cf", "-", "."]);
      await output(exec(["tar", "-C", folder, "--no-same-owner", "--no-same-permissions", "-mxf", "-"], true), packed);
    },
    command(args, env = {}) {
      const variables = Object.entries(env).map(([variable, value]) => `${variable}=${value}`);
      // The shell writes down its process, and becomes the program.
      return exec(["env", ...variables, "sh", "-c", `echo $$ > ${path("pid")}; exec "$@"`, "sh", ...args], true);
    },
    interrupt: () => void output(exec(["sh", "-c", `kill -INT "$(cat ${path("pid")})"`])).catch(() => {}),
    take: (file) => read(path(file)),
    async cpuSeconds() {
      const usage = await read("/sys/fs/cgroup/cpu.stat").catch(() => "");
      return Number(/^usage_usec (\d+)/m.exec(usage.toString())?.[1] ?? 0) / 1e6;
    },
  };
}

function output([program = "", ...args]: readonly string[], input?: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const options = { encoding: "buffer" as const, maxBuffer: MAX_BYTES, env: process.env };
    const child = execFile(program, args, options, (error, stdout, stderr) =>
      error ? reject(new Error(stderr.toString().trim() || error.message)) : resolve(stdout),
    );
    child.stdin?.on("error", () => {});
    child.stdin?.end(input ?? "");
  });
}
