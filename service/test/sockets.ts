import { connect, createServer, type Socket as TcpSocket } from "node:net";
import { expect } from "@jest/globals";
import { io, type Socket } from "socket.io-client";
import { eventually } from "./platform.ts";

export interface Received {
  name: string;
  // biome-ignore lint/suspicious/noExplicitAny: a test asserts on whatever came
  payload: any;
  at: string;
}

/** A client as an application has it: the stock library, which comes back by itself. */
export interface Client {
  socket: Socket;
  /** Every event so far, in order. */
  received: Received[];
  /** Problems of refused handshakes. */
  // biome-ignore lint/suspicious/noExplicitAny: as above
  refused: any[];
  /** Why it was disconnected, each time. */
  dropped: string[];
  /** The updates among what was received. */
  updates(): Received[];
  /** Resolves with the nth `ready`. */
  ready(nth?: number): Promise<Received>;
}

const clients: Client[] = [];

export function client(port: number, token: unknown, more = {}): Client {
  const socket = io(`http://127.0.0.1:${port}`, {
    transports: ["websocket"],
    auth: { token },
    forceNew: true,
    reconnectionDelay: 50,
    reconnectionDelayMax: 200,
    ...more,
  });
  const [received, refused, dropped]: [Received[], unknown[], string[]] = [[], [], []];
  socket.onAny((name: string, payload: unknown, at: string) => received.push({ name, payload, at }));
  socket.on("connect_error", (error: Error & { data?: unknown }) => refused.push(error.data ?? error.message));
  socket.on("disconnect", (reason) => dropped.push(reason));
  const it: Client = {
    socket,
    received,
    refused,
    dropped,
    updates: () => received.filter(({ name }) => name.includes(".")),
    ready: (nth = 1) =>
      eventually(() => {
        const all = received.filter(({ name }) => name === "ready");
        expect({ isReady: all.length >= nth, refused, dropped }).toEqual({
          isReady: true,
          refused: expect.any(Array),
          dropped: expect.any(Array),
        });
        return all[nth - 1] as Received;
      }),
  };
  clients.push(it);
  return it;
}

export function closeClients(): void {
  for (const { socket } of clients.splice(0)) socket.disconnect();
}

/** A TCP proxy like the gateway: passes connections on to the process it points to, and cuts them with it. */
export interface Doorway {
  port: number;
  to(port: number): void;
  /** Cuts the clients off in a way that their process does not notice, as a network that goes away does. */
  lose(): void;
  close(): void;
}

export async function doorway(): Promise<Doorway> {
  let target = 0;
  const open = new Set<TcpSocket>();
  const pairs = new Map<TcpSocket, TcpSocket>();
  const server = createServer((incoming) => {
    const outgoing = connect(target, "127.0.0.1");
    pairs.set(
      incoming.once("close", () => pairs.delete(incoming)),
      outgoing,
    );
    for (const [one, other] of [
      [incoming, outgoing],
      [outgoing, incoming],
    ] as const) {
      open.add(one);
      one
        .on("error", () => other.destroy())
        .once("close", () => {
          open.delete(one);
          other.destroy();
        });
      one.pipe(other);
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as { port: number }).port,
    to: (port) => {
      target = port;
    },
    lose: () => {
      for (const [incoming, outgoing] of pairs) {
        outgoing.unpipe().resume();
        incoming.unpipe().removeAllListeners().destroy();
      }
      pairs.clear();
    },
    close: () => {
      for (const socket of open) socket.destroy();
      server.close();
    },
  };
}
