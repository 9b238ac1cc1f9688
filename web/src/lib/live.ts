import { io, type Socket } from "socket.io-client";
import type { components } from "./contract.ts";
import { accessToken } from "./session.ts";

export type RequestUpdated = components["schemas"]["RequestUpdated"];
export type DownloadProgress = components["schemas"]["DownloadProgress"];

export interface LiveHandlers {
  updated(event: RequestUpdated): void;
  progress(event: DownloadProgress): void;
  /** The connection stands or does not. */
  connected(stands: boolean): void;
  /** Events may have been missed: read the lists again. */
  reload(): void;
}

/** Follows the user's requests and downloads; returns how to stop. A lost connection resumes after its last event. */
export function follow(handlers: LiveHandlers): () => void {
  const socket: Socket = io({
    transports: ["websocket"],
    auth: (give) =>
      accessToken().then(
        (token) => give({ token }),
        () => give({}),
      ),
  });
  socket.on("connect", () => handlers.connected(true));
  socket.on("disconnect", () => handlers.connected(false));
  socket.on("connect_error", () => {
    handlers.connected(false);
    // A refused handshake is not repeated by the library.
    if (!socket.active) setTimeout(() => socket.connect(), 5_000 + Math.random() * 5_000);
  });
  socket.on("ready", ({ recovered }: { recovered: boolean }) => {
    if (!recovered) handlers.reload();
  });
  socket.on("request.updated", handlers.updated);
  socket.on("download.progress", handlers.progress);
  return () => socket.close();
}
