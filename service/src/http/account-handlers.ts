import {
  type AccountChangeDeps,
  changePassword,
  changeRole,
  disable,
  forget,
  resetPassword,
} from "../auth/account-changes.ts";
import { login, refresh, register } from "../auth/accounts.ts";
import { listUsers, type User } from "../data/repositories/users.ts";
import { Problem } from "../errors/problem.ts";
import type { Handlers } from "./mount.ts";
import { accepted, empty, json } from "./reply.ts";

export function accountHandlers(deps: AccountChangeDeps) {
  const registered = (user: User) => json(201, user);
  const done = () => empty();
  const changed = (user: User) => json(200, user);
  return {
    register: async ({ req, body, unitOfWork }) =>
      registered(await register(deps, unitOfWork(registered), body, req.ip)),
    login: async ({ req, body }) => json(201, await login(deps, body, req.ip)),
    refresh: async ({ body }) => json(200, await refresh(deps, body.refreshToken)),
    logout: async ({ user }) => {
      if (user.sessionId !== undefined) await deps.sessions.close(user.sessionId);
      return empty();
    },
    logoutEverywhere: async ({ user }) => {
      await deps.sessions.closeAllOf(user.id);
      return empty();
    },
    changePassword: async ({ req, user, body, unitOfWork }) => {
      // The dev token's user is no account.
      if (user.sessionId === undefined) throw new Problem("not-found");
      await changePassword(deps, unitOfWork(done), user.id, body, req.ip);
      return empty();
    },
    forgetPassword: async ({ req, body }) => {
      await forget(deps, body.email, req.ip);
      return accepted();
    },
    resetPassword: async ({ body, unitOfWork }) => {
      await resetPassword(deps, unitOfWork(done), body);
      return empty();
    },
    listUsers: async ({ query: { limit, cursor } }) => json(200, await listUsers(deps.database.primary, limit, cursor)),
    changeRole: async ({ params, body, unitOfWork }) =>
      changed(await changeRole(deps, unitOfWork(changed), params.id, body.role)),
    disableUser: async ({ params, unitOfWork }) => changed(await disable(deps, unitOfWork(changed), params.id, true)),
    enableUser: async ({ params, unitOfWork }) => changed(await disable(deps, unitOfWork(changed), params.id, false)),
    logoutUser: async ({ params }) => {
      await deps.sessions.closeAllOf(params.id);
      return empty();
    },
  } satisfies Partial<Handlers>;
}
