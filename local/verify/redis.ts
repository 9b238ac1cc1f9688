import { kubectl } from "../cluster/cluster.ts";
import type { Stack } from "../stack/pulumi.ts";
import { namespaceOf } from "./postgres.ts";

/** By the file: a password among the arguments could be read in the list of processes. */
const CLI = 'REDISCLI_AUTH="$(cat /run/secrets/redis/password)" exec redis-cli --json "$@"';

/** Runs a command on the first member of the state Redis, and returns what it answers. */
export async function askState<T>(stack: Stack, ...command: readonly string[]): Promise<T> {
  const exec = ["-n", namespaceOf(stack), "exec", "redis-state-0", "-c", "redis-state", "--"];
  const { stdout } = await kubectl(stack.layout, [...exec, "sh", "-c", CLI, "redis-cli", ...command]);
  return JSON.parse(stdout) as T;
}
