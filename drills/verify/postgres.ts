import { kubectl, type Stack } from "../lib/stack.ts";

export type Role = "primary" | "replica";

const POSTGRES = "app.kubernetes.io/name=postgres";

/** Every pod of PostgreSQL, as `pod/NAME`. */
export async function postgresPods(stack: Stack): Promise<string[]> {
  return (await kubectl(stack, ["get", "pods", "-l", POSTGRES, "-o", "name"])).split("\n").filter(Boolean);
}

/** The pod of a member with the given role, as `pod/NAME`. */
export async function memberWith(stack: Stack, role: Role): Promise<string> {
  const found = await kubectl(stack, ["get", "pod", "-l", `${POSTGRES},role=${role}`, "-o", "name"]);
  const pod = found.split("\n")[0];
  if (!pod) throw new Error(`no PostgreSQL member is ${role}`);
  return pod;
}

/** Runs a program in the container of a member with the given role, and returns its output. */
export async function inPostgres(stack: Stack, role: Role, command: readonly string[], input = ""): Promise<string> {
  const pod = await memberWith(stack, role);
  return kubectl(stack, ["exec", "-i", pod, "-c", "postgres", "--", ...command], input);
}

/** Runs SQL on a member with the given role and returns its rows as psql prints them. By default all statements are one transaction. */
export async function sql(stack: Stack, role: Role, statements: string, { oneByOne = false } = {}): Promise<string> {
  const psql = ["psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-d", "media"];
  const rows = oneByOne
    ? await inPostgres(stack, role, psql, statements)
    : await inPostgres(stack, role, [...psql, "-c", statements]);
  return rows.trim();
}

/** The number of standbys that the primary waits for before it acknowledges a commit. */
export async function synchronousStandbys(stack: Stack): Promise<number> {
  const count = "select count(*) from pg_stat_replication where sync_state in ('sync', 'quorum')";
  return Number(await sql(stack, "primary", count));
}
