import type { Database } from "../data/postgres/database.ts";
import { findGroup, listGroups, resolveGroup, type StoredGroup } from "../data/repositories/error-groups.ts";
import { Problem } from "../errors/problem.ts";
import type { Handlers } from "./mount.ts";
import { json } from "./reply.ts";

/** The errors of all processes, for whoever looks after them. */
export function errorHandlers({ database }: { database: Database }) {
  const found = (group: StoredGroup | undefined) => {
    if (!group) throw new Problem("not-found");
    return json(200, group);
  };
  return {
    listErrors: async ({ query: { limit, cursor, ...filter } }) =>
      json(200, await listGroups(database.primary, filter, limit, cursor)),
    getError: async ({ params }) => found(await findGroup(database.primary, params.fingerprint)),
    resolveError: ({ params, commit }) =>
      database.transaction("resolve error group", async (client) => {
        const reply = found(await resolveGroup(client, params.fingerprint));
        await commit(client, reply);
        return reply;
      }),
  } satisfies Partial<Handlers>;
}
