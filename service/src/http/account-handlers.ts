import { type AccountDeps, changeRole, login, refresh, register } from "../auth/accounts.ts";
import { listUsers, type User } from "../data/repositories/users.ts";
import type { Handlers } from "./mount.ts";
import { empty, json } from "./reply.ts";

export function accountHandlers(deps: AccountDeps) {
  const registered = (user: User) => json(201, user);
  const changed = (user: User) => json(200, user);
  return {
    register: async ({ body, unitOfWork }) => registered(await register(unitOfWork(registered), body)),
    login: async ({ req, body }) => json(201, await login(deps, body, req.ip)),
    refresh: async ({ body }) => json(200, await refresh(deps, body.refreshToken)),
    logout: async ({ user }) => {
      if (user.sessionId !== undefined) await deps.sessions.close(user.sessionId);
      return empty();
    },
    listUsers: async ({ query: { limit, cursor } }) => json(200, await listUsers(deps.database.primary, limit, cursor)),
    changeRole: async ({ params, body, unitOfWork }) =>
      changed(await changeRole(deps, unitOfWork(changed), params.id, body.role)),
  } satisfies Partial<Handlers>;
}
