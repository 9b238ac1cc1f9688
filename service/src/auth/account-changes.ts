import type pg from "pg";
import { z } from "zod";
import type { Transact } from "../data/postgres/database.ts";
import type { PasswordResets } from "../data/redis/password-resets.ts";
import { RESET_MINUTES } from "../data/redis/password-resets.ts";
import type { Sessions } from "../data/redis/sessions.ts";
import {
  findLogin,
  findUser,
  isLastAdmin,
  setDisabled,
  type User,
  updatePassword,
  updateRole,
} from "../data/repositories/users.ts";
import { Problem } from "../errors/problem.ts";
import type { Role } from "../model/roles.ts";
import type { Logger } from "../observability/log.ts";
import type { Mailer } from "../upstreams/mail.ts";
import { type AccountDeps, countTry, email, password, verifyLogin } from "./accounts.ts";
import { hashPassword } from "./passwords.ts";

export const passwordChange = z.strictObject({ current: z.string().min(1).max(200), password });
export const forgotten = z.strictObject({ email });
export const passwordReset = z.strictObject({ token: z.string().min(1).max(200), password });

export interface AccountChangeDeps extends AccountDeps {
  resets: PasswordResets;
  /** Undefined where no mail server is configured: then no password is reset by mail. */
  mailer: Mailer | undefined;
  /** Where the front end's page for a new password is; the token is put behind it. Without it the mail has the bare token. */
  resetUrl: string | undefined;
  log: Logger;
}

/**
 * Changes an account and ends its sessions: what they were allowed is in their tokens. Before the commit, so that it never
 * changes while the sessions cannot be ended, and after it, for those that began meanwhile and still read the old state.
 * If this process dies in between, only these are left, and their tokens are good for ACCESS_SECONDS at most.
 */
async function change(
  { sessions }: { sessions: Sessions },
  transact: Transact<User>,
  name: string,
  id: string,
  work: (client: pg.PoolClient) => Promise<User | undefined>,
): Promise<User> {
  const changed = await transact(name, async (client) => {
    const user = await work(client);
    if (!user) throw new Problem("not-found");
    await sessions.closeAllOf(id);
    return user;
  });
  await sessions.closeAllOf(id);
  return changed;
}

/** The last administrator stays one: else no account could make another. */
export function changeRole(deps: AccountDeps, transact: Transact<User>, id: string, role: Role): Promise<User> {
  return change(deps, transact, "change role", id, async (client) => {
    if (role !== "admin") await keepAnAdmin(client, id);
    return updateRole(client, id, role);
  });
}

/** An account that is disabled cannot sign in until it is enabled again. */
export function disable(deps: AccountDeps, transact: Transact<User>, id: string, disabled: boolean): Promise<User> {
  return change(deps, transact, "disable account", id, async (client) => {
    if (disabled) await keepAnAdmin(client, id);
    return setDisabled(client, id, disabled);
  });
}

async function keepAnAdmin(client: pg.ClientBase, id: string): Promise<void> {
  if (await isLastAdmin(client, id)) throw new Problem("last-admin");
}

/** For who knows the current one. A try counts like one to sign in. */
export async function changePassword(
  deps: AccountDeps,
  transact: Transact<User>,
  id: string,
  wish: z.infer<typeof passwordChange>,
  from: string | undefined,
): Promise<void> {
  const user = await findUser(deps.database.primary, id);
  if (!user) throw new Problem("not-found");
  await countTry(deps, user.email, from);
  await verifyLogin(deps, user.email, wish.current);
  const hash = await hashPassword(wish.password);
  await change(deps, transact, "change password", id, (client) => updatePassword(client, id, hash));
}

/**
 * Sends a token to the address, if there is an account that can sign in. Who asks learns nothing of that: it is done after
 * the answer, and a failure is logged.
 */
export async function forget(deps: AccountChangeDeps, address: string, from: string | undefined): Promise<void> {
  if (!deps.mailer) throw new Problem("mail-unavailable");
  await countTry(deps, address, from);
  void sendToken(deps, deps.mailer, address).catch((error: unknown) =>
    deps.log.error({ err: error }, "the mail with which a password is reset could not be sent"),
  );
}

async function sendToken(deps: AccountChangeDeps, mailer: Mailer, address: string): Promise<void> {
  const user = await findLogin(deps.database.primary, address.toLowerCase());
  if (!user || user.disabled) return;
  const token = await deps.resets.open(user.id);
  if (token === undefined) return;
  const way = deps.resetUrl === undefined ? `with this token:\n\n${token}` : `here:\n\n${deps.resetUrl}#${token}`;
  const text = `You can set a new password ${way}\n\nIt is good once, for ${RESET_MINUTES} minutes. If you did not ask for it, do nothing.\n`;
  await mailer.send({ to: user.email, subject: "A new password", text });
  deps.log.info({ userId: user.id }, "the mail with which a password is reset was sent");
}

/** The token is used up with the commit: after an outage it is still good. */
export async function resetPassword(
  deps: AccountChangeDeps,
  transact: Transact<User>,
  { token, password: wish }: z.infer<typeof passwordReset>,
): Promise<void> {
  const id = await deps.resets.ownerOf(token);
  if (id === undefined) throw new Problem("reset-token-invalid");
  const hash = await hashPassword(wish);
  await change(deps, transact, "reset password", id, async (client) => {
    const user = await updatePassword(client, id, hash);
    // Last, since it cannot be rolled back; the row's lock lets one caller after the other come to it.
    if (user && !(await deps.resets.take(token))) throw new Problem("reset-token-invalid");
    return user;
  });
}
