import { z } from "zod";
import type { Database, Transact } from "../data/postgres/database.ts";
import { networkOf } from "../data/redis/network-of.ts";
import { type RateLimit, refuseExceeded } from "../data/redis/rate-limit.ts";
import type { Session, Sessions } from "../data/redis/sessions.ts";
import { findLogin, findUser, insertUser, type User } from "../data/repositories/users.ts";
import { Problem } from "../errors/problem.ts";
import type { Metrics } from "../observability/metrics/metrics.ts";
import { hashPassword, verifyNobody, verifyPassword } from "./passwords.ts";
import { ACCESS_SECONDS, type Tokens } from "./tokens.ts";

export const email = z.email().max(254);
/** Long enough for a sentence; bounded, since each password is hashed at a cost. */
export const password = z.string().min(10).max(200);

export const newAccount = z.strictObject({ email, name: z.string().min(1).max(80), password });
export const credentials = z.strictObject({ email, password: z.string().min(1).max(200) });

export interface AccountDeps {
  database: Database;
  sessions: Sessions;
  tokens: Tokens;
  /** Counts tries per account and address, so that a stranger elsewhere cannot lock an account. */
  loginLimit: RateLimit;
  /** Counts tries per account from all addresses: the last resort against distributed guessing. */
  accountLimit: RateLimit;
  /** Counts registrations per network, in an hour. */
  registrationLimit: RateLimit;
  metrics: Metrics;
}

export async function register(
  { registrationLimit }: AccountDeps,
  transact: Transact<User>,
  wish: z.infer<typeof newAccount>,
  from: string | undefined,
): Promise<User> {
  refuseExceeded(await registrationLimit(`register:${networkOf(from)}`));
  const passwordHash = await hashPassword(wish.password);
  return transact("register", async (client) => {
    const user = await insertUser(client, { email: wish.email.toLowerCase(), name: wish.name, passwordHash });
    if (!user) throw new Problem("email-taken");
    return user;
  });
}

/**
 * Says the same, after the same time, of a wrong password and of an account that does not exist. The role is read when
 * the session is open: a later change of the role ends the session too.
 */
export async function login(deps: AccountDeps, given: z.infer<typeof credentials>, from: string | undefined) {
  const email = given.email.toLowerCase();
  await countTry(deps, email, from);
  const user = await verifyLogin(deps, email, given.password);
  // Only who knows the password learns of it.
  if (user.disabled) throw new Problem("account-disabled");
  const session = await deps.sessions.open(user.id);
  return tokensFor(deps, await currentUser(deps, user.id), session);
}

/** The account, for who knows its password; takes as long where there is none. */
export async function verifyLogin(deps: AccountDeps, email: string, password: string): Promise<User> {
  const user = await findLogin(deps.database.primary, email);
  const right = user ? await verifyPassword(password, user.passwordHash) : await verifyNobody(password);
  deps.metrics.login({ outcome: right ? "accepted" : "refused" });
  if (!user || !right) throw new Problem("invalid-credentials");
  return user;
}

/** One who is stopped at their own limit does not use up that of all. */
export async function countTry({ loginLimit, accountLimit }: AccountDeps, address: string, from: string | undefined) {
  const email = address.toLowerCase();
  refuseExceeded(await loginLimit(`login:${email}:${networkOf(from)}`));
  refuseExceeded(await accountLimit(`login:${email}`));
}

/**
 * The role is read again, so a change takes effect within the lifetime of an access token. It is read first: without a
 * database nothing has happened, and the token is good for the next try. A change meanwhile has ended the session.
 */
export async function refresh(deps: AccountDeps, refreshToken: string) {
  const user = await currentUser(deps, await deps.sessions.ownerOf(refreshToken));
  return tokensFor(deps, user, await deps.sessions.rotate(refreshToken));
}

async function currentUser({ database }: AccountDeps, id: string | undefined): Promise<User> {
  const user = id === undefined ? undefined : await findUser(database.primary, id);
  if (!user || user.disabled) throw new Problem("session-ended");
  return user;
}

async function tokensFor({ tokens }: AccountDeps, { id, role }: User, session: Session) {
  return {
    accessToken: await tokens.sign({ sub: id, role, sid: session.id }),
    tokenType: "Bearer" as const,
    expiresIn: ACCESS_SECONDS,
    refreshToken: session.refreshToken,
  };
}
