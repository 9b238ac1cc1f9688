import { z } from "zod";
import { DOWNLOAD_STATUSES } from "../../data/repositories/downloads.ts";
import { MEDIA_TYPES } from "../../model/media.ts";
import { byId, id, operation, owner, pageOf, paging } from "./operation.ts";

const download = z
  .strictObject({
    id,
    requestId: id,
    requestedBy: z.string(),
    status: z.enum(DOWNLOAD_STATUSES),
    progress: z.int().meta({ description: "Whole percent. It never goes back, and is 100 exactly when completed." }),
    mediaType: z.enum(MEDIA_TYPES),
    tmdbId: z.int(),
    title: z.string(),
    createdAt: z.iso.datetime(),
    updatedAt: z.iso.datetime(),
  })
  .meta({ id: "Download" });

export const downloads = {
  listDownloads: operation({
    method: "get",
    path: "/api/v1/downloads",
    tag: "downloads",
    summary: "List one's own downloads, or all users' for callers who may read them, newest first",
    access: "user",
    query: z.strictObject({
      status: z.enum(DOWNLOAD_STATUSES).optional(),
      requestId: id.optional(),
      owner,
      ...paging,
    }),
    answers: { 200: { description: "A page.", schema: pageOf(download) } },
    problems: ["database-unavailable"],
  }),
  getDownload: operation({
    method: "get",
    path: "/api/v1/downloads/{id}",
    tag: "downloads",
    summary: "Read how a download does",
    access: "user",
    params: byId,
    answers: { 200: { description: "The download.", schema: download } },
    problems: ["not-found", "database-unavailable"],
  }),
};
