import { kubectl, type Stack } from "../lib/stack.ts";

/** The password comes from its file: among the arguments it would be visible in the list of processes. */
const CLI = 'REDISCLI_AUTH="$(cat /run/secrets/redis/password)" exec redis-cli "$@"';
const cli = (...args: readonly string[]) => ["--", "sh", "-c", CLI, "redis-cli", ...args];
const MEMBERS = "app.kubernetes.io/name=redis-state";

/**
 * Runs a command on a member of the state Redis and returns its reply.
 *
 * @param pod as `pod/NAME`. @default the first member
 */
export async function askState<T>(stack: Stack, command: readonly string[], pod = "pod/redis-state-0"): Promise<T> {
  const exec = ["exec", pod, "-c", "redis-state", ...cli("--json", "-e", ...command)];
  return JSON.parse(await kubectl(stack, exec)) as T;
}

/** Every pod of the state Redis, as `pod/NAME`. */
export async function stateMembers(stack: Stack): Promise<string[]> {
  return (await kubectl(stack, ["get", "pods", "-l", MEMBERS, "-o", "name"])).split("\n").filter(Boolean);
}

/** What a Sentinel answers, one value a line. */
export function askSentinel(stack: Stack, ...question: string[]): Promise<string> {
  return kubectl(stack, ["exec", "redis-state-sentinel-0", ...cli("-p", "26379", "sentinel", ...question)]);
}

/** The pod that the Sentinels name as master, as `pod/NAME`. */
export async function stateMaster(stack: Stack): Promise<string> {
  return `pod/${(await askSentinel(stack, "get-master-addr-by-name", "state")).split(".")[0]}`;
}
