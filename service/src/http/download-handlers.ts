import type { Database } from "../data/postgres/database.ts";
import { type Download, findDownload, listDownloads } from "../data/repositories/downloads.ts";
import { Problem } from "../errors/problem.ts";
import { type Identity, may } from "../model/roles.ts";
import type { Handlers } from "./mount.ts";
import { userOf } from "./owner.ts";
import { json } from "./reply.ts";

/** Downloads are read from the primary: callers who follow one need its last step. */
export function downloadHandlers({ database }: { database: Database }) {
  const mayRead = (user: Identity, { userId }: Download) => userId === user.id || may(user, "requests:read-all");
  return {
    listDownloads: async ({ user, query: { limit, cursor, owner, ...filter } }) => {
      const { items, nextCursor } = await listDownloads(
        database.primary,
        { ...filter, userId: userOf(user, owner) },
        limit,
        cursor,
      );
      return json(200, { items: items.map(present), nextCursor });
    },
    getDownload: async ({ user, params }) => {
      const download = await findDownload(database.primary, params.id);
      if (!download || !mayRead(user, download)) throw new Problem("not-found");
      return json(200, present(download));
    },
  } satisfies Partial<Handlers>;
}

function present({ overseerrId: _, tick: __, version: ___, userId, ...download }: Download) {
  return { ...download, requestedBy: userId };
}
