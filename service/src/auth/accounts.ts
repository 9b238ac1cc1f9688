import { z } from "zod";
import type { Database, Transact } from "../data/postgres/database.ts";
import { networkOf } from "../data/redis/network-of.ts";
import { type RateLimit, refuseExceeded } from "../data/redis/rate-limit.ts";
import type { Session, Sessions } from "../data/redis/sessions.ts";
import { findLogin, findUser, insertUser, type User, updateRole } from "../data/repositories/users.ts";
import { Problem } from "../errors/problem.ts";
import type { Role } from "../model/roles.ts";
import type { Metrics } from "../observability/metrics/metrics.ts";
import { hashPassword, verifyNobody, verifyPassword } from "./passwords.ts";
import { ACCESS_SECONDS, type Tokens } from "./tokens.ts";

const email = z.email().max(254);
/** Long enough for a sentence; bounded, since each password is hashed at a cost. */
const password = z.string().min(10).max(200);

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
  metrics: Metrics;
}

export async function register(transact: Transact<User>, wish: z.infer<typeof newAccount>): Promise<User> {
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
  const user = await findLogin(deps.database.primary, email);
  const right = user ? await verifyPassword(given.password, user.passwordHash) : await verifyNobody(given.password);
  deps.metrics.login({ outcome: right ? "accepted" : "refused" });
  if (!user || !right) throw new Problem("invalid-credentials");
  return newestTokens(deps, await deps.sessions.open(user.id));
}

/** One who is stopped at their own limit does not use up that of all. */
async function countTry({ loginLimit, accountLimit }: AccountDeps, email: string, from: string | undefined) {
  refuseExceeded(await loginLimit(`login:${email}:${networkOf(from)}`));
  refuseExceeded(await accountLimit(`login:${email}`));
}

/** The role is read again, so a change takes effect within the lifetime of an access token. */
export async function refresh(deps: AccountDeps, refreshToken: string) {
  return newestTokens(deps, await deps.sessions.rotate(refreshToken));
}

/**
 * Also ends the user's sessions: what they were allowed is in their tokens. Before the commit, so that a role never
 * changes while the sessions cannot be ended, and after it, for those that began meanwhile and still read the old role.
 * If this process dies in between, only these are left, and their tokens keep the old role for ACCESS_SECONDS at most.
 */
export async function changeRole(deps: AccountDeps, transact: Transact<User>, id: string, role: Role): Promise<User> {
  const changed = await transact("change role", async (client) => {
    const user = await updateRole(client, id, role);
    if (!user) throw new Problem("not-found");
    await deps.sessions.closeAllOf(id);
    return user;
  });
  await deps.sessions.closeAllOf(id);
  return changed;
}

async function newestTokens(deps: AccountDeps, session: Session) {
  const user = await findUser(deps.database.primary, session.userId);
  if (!user) throw new Problem("session-ended");
  return tokensFor(deps, user, session);
}

function tokensFor({ tokens }: AccountDeps, { id, role }: User, session: Session) {
  return {
    accessToken: tokens.sign({ sub: id, role, sid: session.id }),
    tokenType: "Bearer" as const,
    expiresIn: ACCESS_SECONDS,
    refreshToken: session.refreshToken,
  };
}
