import { kubectl } from "../cluster/cluster.ts";
import type { Stack } from "../stack/pulumi.ts";

export type Role = "primary" | "replica";

export const namespaceOf = (stack: Stack) => `media-${stack.name}`;

/** The pod of a member of the given role, as `pod/NAME`. */
export async function memberWith(stack: Stack, role: Role): Promise<string> {
  const selector = `app.kubernetes.io/name=postgres,role=${role}`;
  const { stdout } = await kubectl(stack.layout, [
    "-n",
    namespaceOf(stack),
    "get",
    "pod",
    "-l",
    selector,
    "-o",
    "name",
  ]);
  const pod = stdout.split("\n")[0];
  if (!pod) throw new Error(`no PostgreSQL member is ${role}`);
  return pod;
}

/** Runs a program in the container of a member of the given role. */
export async function inPostgres(stack: Stack, role: Role, command: readonly string[], input = "") {
  const pod = await memberWith(stack, role);
  const exec = ["-n", namespaceOf(stack), "exec", "-i", pod, "-c", "postgres", "--"];
  return kubectl(stack.layout, [...exec, ...command], input);
}

/** Runs SQL on a member of the given role and returns its rows as psql prints them; by default all in one transaction. */
export async function sql(stack: Stack, role: Role, statements: string, { oneByOne = false } = {}): Promise<string> {
  const psql = ["psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-d", "media"];
  const { stdout } = oneByOne
    ? await inPostgres(stack, role, psql, statements)
    : await inPostgres(stack, role, [...psql, "-c", statements]);
  return stdout.trim();
}
