import { kubectl, type Stack } from "../lib/stack.ts";

/** The password comes from its file: among the arguments it would be visible in the list of processes. */
const CLI = 'REDISCLI_AUTH="$(cat /run/secrets/redis/password)" exec redis-cli --json "$@"';

/** Runs a command on the first member of the state Redis and returns its reply. */
export async function askState<T>(stack: Stack, ...command: readonly string[]): Promise<T> {
  const exec = ["exec", "redis-state-0", "-c", "redis-state", "--", "sh", "-c", CLI, "redis-cli"];
  return JSON.parse(await kubectl(stack, [...exec, ...command])) as T;
}
