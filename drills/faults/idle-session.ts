import type { Stack } from "../lib/stack.ts";
import { inPostgres, sql } from "../verify/postgres.ts";

/** Who forgets to end a transaction: the application's login, or the superuser, whom no ordinary role may touch. */
export type Forgetful = "application" | "superuser";

const SIGN_IN: Readonly<Record<Forgetful, string>> = {
  application:
    'PGPASSWORD="$(cat /run/secrets/roles/database-password)" psql -h 127.0.0.1 -U "$(cat /run/secrets/roles/database-user)"',
  superuser: "psql -U postgres",
};

/**
 * Opens a session on the primary that begins a transaction and then does nothing, with PostgreSQL's own limit switched off.
 *
 * @param name of the session, for `application_name`: letters, digits and hyphens
 * @param seconds after which it ends by itself
 */
export async function plantIdleSession(stack: Stack, name: string, who: Forgetful, seconds = 600): Promise<void> {
  const statements = `SET application_name = '${name}'; SET idle_in_transaction_session_timeout = 0; BEGIN; SELECT 1;`;
  const script = `(echo "${statements}"; sleep ${seconds}) | ${SIGN_IN[who]} -X -d media`;
  await inPostgres(stack, "primary", ["bash", "-c", `{ ${script}; } </dev/null >/dev/null 2>&1 &`]);
}

/** How many sessions of that name there are. */
export async function countSessions(stack: Stack, name: string): Promise<number> {
  return Number(
    await sql(stack, "primary", `select count(*) from pg_stat_activity where application_name = '${name}'`),
  );
}

/** Ends them, as the superuser. */
export async function endSessions(stack: Stack, name: string): Promise<void> {
  const end = `select pg_terminate_backend(pid) from pg_stat_activity where application_name = '${name}'`;
  await sql(stack, "primary", end);
}
