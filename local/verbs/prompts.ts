import { spawnSync } from "node:child_process";
import { memberWith } from "@media/drills/verify/postgres";
import { KUBECONFIG_CONTEXT } from "../cluster/files.ts";
import { layoutOf } from "../cluster/layout.ts";
import { UserError } from "../lib/errors.ts";
import { access } from "../stack/access.ts";
import { useEnvironment } from "../stack/environment.ts";
import type { Options } from "./options.ts";

/** The password comes from its file: among the arguments the list of processes would show it. */
const REDIS = 'REDISCLI_AUTH="$(cat /run/secrets/redis/password)" exec redis-cli "$@"';
/** Where each Redis runs, and the container. */
const STORES: Readonly<Record<string, readonly [target: string, container: string]>> = {
  state: ["statefulset/redis-state", "redis-state"],
  cache: ["deployment/redis-cache", "redis-cache"],
};

/** psql on the primary, as the superuser; `run` is a statement in place of the prompt. */
export async function psql({ stack, name, run }: Options): Promise<void> {
  useEnvironment(layoutOf(name), stack);
  const pod = await memberWith(access({ layout: layoutOf(name), name: stack }), "primary").catch((error: Error) => {
    throw new UserError(
      `the database of stack ${stack} has no primary: ${error.message.split("\n")[0]}`,
      "make status shows what runs; make up",
    );
  });
  attach(stack, name, pod, "postgres", ["psql", "-d", "media", ...(run ? ["-c", run] : [])]);
}

/** redis-cli on the store that `what` names; `run` is a command in place of the prompt. */
export async function redis({ stack, name, what = "state", run }: Options): Promise<void> {
  useEnvironment(layoutOf(name), stack);
  const store = STORES[what];
  if (!store) throw new UserError(`"${what}" is no Redis`, `name one: WHAT=${Object.keys(STORES).join(", WHAT=")}`);
  const [target, container] = store;
  attach(stack, name, target, container, ["sh", "-c", REDIS, "redis-cli", ...(run ? run.trim().split(/\s+/) : [])]);
}

/** Runs a program in a container with this terminal, and ends as it ends. */
function attach(stack: string, name: string, target: string, container: string, command: readonly string[]): void {
  const layout = layoutOf(name);
  const { namespace } = access({ layout, name: stack });
  const terminal = process.stdin.isTTY && process.stdout.isTTY ? ["-it"] : ["-i"];
  const cluster = ["--kubeconfig", layout.kubeconfig, "--context", KUBECONFIG_CONTEXT(layout), "-n", namespace];
  const { status, error } = spawnSync(
    "kubectl",
    [...cluster, "exec", ...terminal, target, "-c", container, "--", ...command],
    {
      stdio: "inherit",
    },
  );
  if (error) throw new UserError(`kubectl does not start: ${error.message}`, "make up builds it");
  process.exitCode = status ?? 1;
}
