import { setTimeout as sleep } from "node:timers/promises";
import type { Socket } from "socket.io";
import type { ProblemCode } from "../errors/catalogue.ts";

/** What Engine.IO calls a connection. */
export type Connection = Socket["conn"];

/**
 * Frames that a connection may send in a second, pings of the protocol included. Socket.IO's clients send one CONNECT, a
 * pong every 25 s, and a DISCONNECT.
 */
export const FRAMES_PER_SECOND = 10;
/** Socket.IO's packet CONNECT, which carries the token (socket.io-protocol 5). */
const CONNECT = "0";
/** How long a client has to take a refusal before its connection is cut. */
const FAREWELL_MS = 1_000;

/**
 * Cuts a connection that sends more than Socket.IO's clients do: a second CONNECT, or too many frames. Each CONNECT costs
 * a signature and a script in Redis, and no limit of calls counts the frames of a connection. Goes by Engine.IO's packets,
 * so before Socket.IO has read them; after a cut it reads none.
 */
export function limitFrames(connection: Connection, refused: (code: ProblemCode) => void, now = Date.now): void {
  let [frames, second] = [0, 0];
  let tried = false;
  const cut = () => {
    if (connection.readyState !== "open") return;
    refused("rate-limited");
    connection.close(true);
    connection.request.socket.destroy();
  };
  const count = () => {
    const current = Math.floor(now() / 1_000);
    if (current !== second) [frames, second] = [0, current];
    frames += 1;
    if (frames > FRAMES_PER_SECOND) cut();
  };
  connection.on("packet", ({ type, data }: { type: string; data?: unknown }) => {
    count();
    if (type !== "message" || typeof data !== "string" || !data.startsWith(CONNECT)) return;
    if (tried) cut();
    tried = true;
  });
  // Pings and pongs of WebSocket itself are no packets of Engine.IO; the library answers each ping.
  const { socket } = connection.transport as unknown as { socket: NodeJS.EventEmitter };
  socket.on("ping", count).on("pong", count);
}

/** Closes a connection whose CONNECT was refused, after the refusal was sent. */
export async function closeRefused(connection: Connection): Promise<void> {
  await sleep(0);
  const { socket } = connection.request;
  connection.close();
  await sleep(FAREWELL_MS, undefined, { ref: false });
  socket.destroy();
}
