import type { Server as HttpServer } from "node:http";
import type { Duplex } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import type { Redis } from "ioredis";
import { Server } from "socket.io";
import { createCallerCheck } from "../auth/callers.ts";
import {
  type AdmissionDeps,
  admit,
  endSocket,
  refusal,
  type Socket,
  type SocketData,
} from "../auth/socket-admission.ts";
import { type ServerEvents, SOCKET_PATH, type Update } from "../domain/published-events.ts";
import type { ProblemCode } from "../errors/catalogue.ts";
import { Problem } from "../errors/problem.ts";
import { may } from "../model/roles.ts";
import { SOCKET_CLIENTS } from "../observability/metrics/names.ts";
import { type Entry, Feed } from "./feed.ts";
import { type Connection, closeRefused, limitFrames } from "./frame-limit.ts";
import { recoveryAdapter } from "./recovery-adapter.ts";
import { READERS_OF_ALL, roomOf } from "./rooms.ts";
import { inHandshake, inTraceOf } from "./tracing.ts";

/** All that a client sends is its token. */
const MOST_BYTES = 4_096;
/** What has not signed in by then is cut off. */
const SIGN_IN_MS = 5_000;
/** After it, connections are cut whose client does not answer the farewell. */
const FAREWELL_MS = 1_000;
/** Of the drain time, so that the last to be sent away have time to arrive elsewhere. */
const SHARE_OF_DRAIN = 0.7;

export interface RealtimeDeps extends AdmissionDeps {
  /** A connection of its own: reads of the stream block it. */
  reader: Redis;
  /** Connections that this process takes. */
  socketsMax: number;
  /** Seconds between two renewals of a connection's slot, two checks of its session, and two position events. */
  upkeepSeconds: number;
  drainSeconds: number;
  /** Aborted when the process begins to drain. */
  stopping: AbortSignal;
}

export interface Realtime {
  attach(server: HttpServer): void;
  /** Resolves when no connection is left. */
  close(): Promise<void>;
}

type IO = Server<Record<string, never>, ServerEvents, Record<string, never>, SocketData>;

/** Live updates by Socket.IO: what a client may see, in order, each once, also after a drop and from another process. */
export function createRealtime(deps: RealtimeDeps): Realtime {
  const identify = createCallerCheck(deps);
  const feed = new Feed(deps.reader, deps, {
    entry: (entry) => emit(io, deps, entry),
    broken: () => closeConnections(io),
  });
  const io: IO = new Server({
    path: SOCKET_PATH,
    serveClient: false,
    // One connection needs one process; long polling would need the same process for each of its requests.
    transports: ["websocket"],
    maxHttpBufferSize: MOST_BYTES,
    connectTimeout: SIGN_IN_MS,
    connectionStateRecovery: { skipMiddlewares: false },
    adapter: recoveryAdapter(feed),
    allowRequest: (_req, answer) => {
      const code = unwelcome(deps, feed, io.engine.clientsCount);
      if (code) deps.metrics.socketRefused({ code });
      answer(code, code === null);
    },
  });
  io.use((socket, next) => {
    const admitted = () =>
      admit(deps, identify, socket).then(
        () => undefined,
        (error: unknown) => refusal(deps, error),
      );
    // Continues outside the span: what the connection does later is no part of its handshake.
    void inHandshake(socket.handshake.headers, admitted).then((refused) => {
      next(refused);
      if (refused) void closeRefused(socket.conn);
    });
  });
  io.on("connection", (socket) => welcome(deps, feed, socket));
  deps.metrics.gauge(SOCKET_CLIENTS, "Clients connected by Socket.IO.", (set) => set({}, io.of("/").sockets.size));
  const timer = setInterval(positionSender(io, feed), deps.upkeepSeconds * 1_000);
  deps.stopping.addEventListener("abort", () => void sendAway(io, deps.drainSeconds * SHARE_OF_DRAIN * 1_000));
  const upgraded = new Set<Duplex>();
  return {
    attach(server) {
      server.on("upgrade", (_req, stream: Duplex) => {
        upgraded.add(stream);
        stream.once("close", () => upgraded.delete(stream));
      });
      io.attach(server);
      io.engine.on("connection", (connection: Connection) =>
        limitFrames(connection, (code) => deps.metrics.socketRefused({ code })),
      );
      feed.start();
    },
    async close() {
      clearInterval(timer);
      await feed.stop();
      closeConnections(io);
      const end = Date.now() + FAREWELL_MS;
      while (upgraded.size > 0 && Date.now() < end) await sleep(20);
      io.engine.close();
      for (const stream of upgraded) stream.destroy();
      await deps.slots.settled();
    },
  };
}

/** Why no connection is accepted now. Refused before Socket.IO: its clients take that for a failed try, and retry. */
function unwelcome({ stopping, socketsMax }: RealtimeDeps, feed: Feed, clients: number): ProblemCode | null {
  if (stopping.aborted || clients >= socketsMax) return "overloaded";
  // The state Redis was never reached: what this client has missed is not known.
  return feed.position === undefined ? "sessions-unavailable" : null;
}

/**
 * All of it in one go, so that no entry can come in between: what was missed first, and from then on what the feed
 * brings.
 */
function welcome(deps: RealtimeDeps, feed: Feed, socket: Socket): void {
  const { identity, lastEvent } = socket.data;
  const missed = lastEvent === undefined ? [] : feed.after(lastEvent);
  // Gone since it was looked for: the client comes back, and is a new one then.
  if (!missed || feed.position === undefined) return void socket.conn.close();
  const all = may(identity, "requests:read-all");
  void socket.join(all ? [roomOf(identity.id), READERS_OF_ALL] : roomOf(identity.id));
  for (const { id, update } of missed) {
    if (!update || !(all || update.userId === identity.id)) continue;
    socket.emit(update.name, ...([update.payload, id] as Parameters<ServerEvents[Update["name"]]>));
    deps.metrics.socketEvents({ event: update.name });
  }
  socket.emit("ready", { recovered: lastEvent !== undefined }, feed.position);
  deps.metrics.socketConnected({ recovered: String(lastEvent !== undefined) });
  // Nothing is accepted from a client: ours do not send.
  socket.use(() => endSocket(deps, socket, new Problem("method-not-allowed")));
  watch(deps, socket);
}

/** Keeps the connection's slot, and ends it when its token runs out or its session is closed. */
function watch(deps: RealtimeDeps, socket: Socket): void {
  const { slot, identity } = socket.data;
  const { expiresAt, sessionId } = identity;
  const check = async () => {
    void deps.slots.renew(slot);
    if (sessionId === undefined) return;
    if ((await deps.sessions.isOpen(sessionId)) === false) endSocket(deps, socket, new Problem("session-ended"));
  };
  const timers = [setInterval(check, deps.upkeepSeconds * 1_000)];
  if (expiresAt !== undefined)
    timers.push(setTimeout(() => endSocket(deps, socket, new Problem("token-expired")), expiresAt - Date.now()));
  socket.once("disconnect", () => timers.forEach(clearTimeout));
}

function emit(io: IO, { metrics }: RealtimeDeps, { id, update, trace }: Entry): void {
  if (!update) return;
  const { adapter } = io.of("/");
  const rooms = [roomOf(update.userId), READERS_OF_ALL].filter((room) => adapter.rooms.has(room));
  if (rooms.length === 0) return;
  const payload = [update.payload, id] as Parameters<ServerEvents[Update["name"]]>;
  inTraceOf(trace, `emit ${update.name}`, () => io.to(rooms).emit(update.name, ...payload));
  void adapter.sockets(new Set(rooms)).then(({ size }) => metrics.socketEvents({ event: update.name }, size));
}

/** Moves clients without events of their own on, so that after a drop their place is still known. */
function positionSender(io: IO, feed: Feed): () => void {
  let sent: string | undefined;
  return () => {
    const { position } = feed;
    if (position !== undefined && position !== sent) io.emit("position", {}, position);
    sent = position;
  };
}

/** Closes below Socket.IO: its clients take that for a drop, and come back by themselves. */
function closeConnections(io: IO): void {
  for (const { conn } of io.of("/").sockets.values()) conn.close();
}

/** A few at a time: all of them at once would overload the processes that stay. */
async function sendAway(io: IO, withinMs: number): Promise<void> {
  const sockets = [...io.of("/").sockets.values()];
  const steps = 20;
  for (let step = 0; step < steps; step++) {
    const share = sockets.slice((sockets.length * step) / steps, (sockets.length * (step + 1)) / steps);
    for (const { conn } of share) conn.close();
    await sleep(withinMs / steps);
  }
}
