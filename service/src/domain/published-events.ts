import { z } from "zod";
import { DOWNLOAD_STATUSES, type Download } from "../data/repositories/downloads.ts";
import { type ChangedRequest, REQUEST_STATUSES } from "../data/repositories/requests.ts";
import { MEDIA_TYPES } from "../model/media.ts";

/** Where Socket.IO listens, on the port of the API. */
export const SOCKET_PATH = "/socket.io";

const version = z
  .int()
  .meta({ description: "Grows with every change: of two events about one id, the greater is true." });

const requestUpdated = z
  .strictObject({
    id: z.string(),
    status: z.enum(REQUEST_STATUSES),
    mediaType: z.enum(MEDIA_TYPES),
    tmdbId: z.int(),
    title: z.string(),
    createdAt: z.iso.datetime(),
    requestedBy: z.string(),
    version,
  })
  .meta({ id: "RequestUpdated", description: "Live update: what a request is now." });

const downloadProgress = z
  .strictObject({
    id: z.string(),
    requestId: z.string(),
    status: z.enum(DOWNLOAD_STATUSES),
    progress: z.int().min(0).max(100).meta({ description: "Whole percent; never goes back." }),
    version,
  })
  .meta({ id: "DownloadProgress", description: "Live update: what a download is now." });

/** Live updates, by the name of their event. */
export const UPDATES = { "request.updated": requestUpdated, "download.progress": downloadProgress };
export type UpdateName = keyof typeof UPDATES;

const ready = z
  .strictObject({
    recovered: z.boolean().meta({ description: "Whether nothing was missed; otherwise read the lists again." }),
  })
  .meta({ id: "Ready", description: "First event of every connection, after those that were missed." });

const closing = z
  .strictObject({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    code: z.string(),
    hint: z.string(),
  })
  .meta({ id: "Closing", description: "Last event before the server ends a connection for good: the reason." });

/** What the server says about the connection itself. `position` only moves the place to go on from after a drop. */
export const SIGNALS = {
  ready,
  position: z
    .strictObject({})
    .meta({ id: "Position", description: "Where the stream is; of use to the client library only." }),
  closing,
};

/** Everything that a client can receive, as Socket.IO's types want it; the string is the place in the stream. */
export type ServerEvents = {
  [K in UpdateName]: (payload: z.output<(typeof UPDATES)[K]>, at: string) => void;
} & {
  ready: (payload: z.output<typeof ready>, at: string) => void;
  position: (payload: Record<string, never>, at: string) => void;
  closing: (payload: z.output<typeof closing>) => void;
};

/** A state of a request or download, for the clients that may see it. */
export interface Update<N extends UpdateName = UpdateName> {
  name: N;
  /** Whose it is. */
  userId: string;
  payload: z.output<(typeof UPDATES)[N]>;
}

export function requestUpdate({ userId, ...request }: ChangedRequest): Update<"request.updated"> {
  const { id, status, mediaType, tmdbId, title, createdAt, version: now } = request;
  const payload = { id, status, mediaType, tmdbId, title, createdAt, requestedBy: userId, version: now };
  return { name: "request.updated", userId, payload };
}

export function downloadUpdate(download: Download): Update<"download.progress"> {
  const { id, userId, requestId, status, progress, version: now } = download;
  return { name: "download.progress", userId, payload: { id, requestId, status, progress, version: now } };
}

/** Publishes a change to the subscribers of live updates, after its commit. Never throws, and callers do not wait for it. */
export interface EventPublisher {
  requestChanged(request: ChangedRequest): void;
  downloadChanged(download: Download): void;
}
