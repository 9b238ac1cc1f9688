import type { Socket } from "socket.io-client";
import type { components } from "../../generated/contract.ts";
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

/**
 * Follows the user's requests and downloads; returns how to stop. A lost connection resumes after its last event. The
 * library is loaded here and not with the page: a visitor does not need it.
 */
export function follow(handlers: LiveHandlers): () => void {
  let socket: Socket | undefined;
  let stopped = false;
  import("socket.io-client").then(
    ({ io }) => {
      if (!stopped) socket = connect(io, handlers);
    },
    () => handlers.connected(false),
  );
  return () => {
    stopped = true;
    socket?.close();
  };
}

function connect(io: typeof import("socket.io-client").io, handlers: LiveHandlers): Socket {
  const auth = (give: (data: object) => void) =>
    void accessToken().then(
      (token) => give({ token }),
      () => give({}),
    );
  const socket = io({ transports: ["websocket"], auth });
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
  return socket;
}
