import type pg from "pg";
import { insertFirstAdmin, whatStandsInTheWay } from "../data/repositories/users.ts";
import type { Logger } from "../observability/log.ts";
import { hashPassword } from "./passwords.ts";

/**
 * Makes the first administrator from `<address>:<password>` when there is no administrator. No existing account is
 * changed: an account registered under that address is not promoted, since addresses are not verified and its password
 * may belong to a stranger. Runs under the migration's lock, so in one process at a time.
 */
export async function ensureFirstAdmin(client: pg.ClientBase, secret: string, log: Logger): Promise<void> {
  const { email, password } = parseFirstAdmin(secret);
  const inTheWay = await whatStandsInTheWay(client, email);
  if (inTheWay === "admin") return;
  if (inTheWay === "account") {
    log.error(
      "no first administrator was made: FIRST_ADMIN_FILE names an address that is registered already; name another",
    );
    return;
  }
  const id = await insertFirstAdmin(client, { email, passwordHash: await hashPassword(password) });
  if (id) log.info({ userId: id }, "the first administrator was made");
}

/** The address has no colon, the password may have some. */
export function parseFirstAdmin(secret: string): { email: string; password: string } {
  const at = secret.indexOf(":");
  return { email: secret.slice(0, at).toLowerCase(), password: secret.slice(at + 1) };
}
