import type { Database } from "../data/postgres/database.ts";
import { findGroup, listGroups, resolveGroup, type StoredGroup } from "../data/repositories/error-groups.ts";
import { Problem } from "../errors/problem.ts";
import type { Handlers } from "./mount.ts";
import { json } from "./reply.ts";

/** The errors of all processes, for administrators. */
export function errorHandlers({ database }: { database: Database }) {
  const group = (stored: StoredGroup) => json(200, stored);
  return {
    listErrors: async ({ query: { limit, cursor, ...filter } }) =>
      json(200, await listGroups(database.primary, filter, limit, cursor)),
    getError: async ({ params }) => group(found(await findGroup(database.primary, params.fingerprint))),
    resolveError: async ({ params, unitOfWork }) =>
      group(
        await unitOfWork(group)("resolve error group", async (client) =>
          found(await resolveGroup(client, params.fingerprint)),
        ),
      ),
  } satisfies Partial<Handlers>;
}

function found(group: StoredGroup | undefined): StoredGroup {
  if (!group) throw new Problem("not-found");
  return group;
}
