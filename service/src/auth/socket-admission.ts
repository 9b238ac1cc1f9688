import type { Socket as AnySocket, ExtendedError } from "socket.io";
import type { ConnectionSlot, ConnectionSlots } from "../data/redis/connection-slots.ts";
import { fingerprint, refuseExceeded } from "../data/redis/rate-limit.ts";
import type { Sessions } from "../data/redis/sessions.ts";
import type { ServerEvents } from "../domain/published-events.ts";
import { CATALOGUE } from "../errors/catalogue.ts";
import { Problem, toProblem } from "../errors/problem.ts";
import { type Monitors, recordProblem } from "../errors/record.ts";
import type { Identity } from "../model/roles.ts";
import { byAddress, type CallerDeps, type IdentifyCaller } from "./callers.ts";

/** Of what a socket knows: who it is, its slot, and after which event it goes on. */
export interface SocketData {
  identity: Identity;
  slot: ConnectionSlot;
  lastEvent?: string;
}
export type Socket = AnySocket<Record<string, never>, ServerEvents, Record<string, never>, SocketData>;

export interface AdmissionDeps extends CallerDeps, Monitors {
  sessions: Sessions;
  slots: ConnectionSlots;
}

/** The same checks as for a call by HTTP, and whether the user has a connection left; throws a Problem. */
export async function admit(
  { visitorLimit, slots }: AdmissionDeps,
  identify: IdentifyCaller,
  socket: Socket,
): Promise<void> {
  const { token } = socket.handshake.auth;
  if (typeof token !== "string") throw new Problem("unauthenticated");
  const count = async () => refuseExceeded(await visitorLimit(byAddress(addressOf(socket.handshake))));
  const { identity, quota } = await identify(token, count);
  refuseExceeded(quota);
  const slot = slotOf(socket, identity.id);
  if (!(await slots.acquire(slot))) throw new Problem("rate-limited", { headers: { "Retry-After": "60" } });
  Object.assign(socket.data, { identity, slot });
  socket.once("disconnect", () => slots.release(slot));
  // Left while it was waiting: it will not be connected, and so not disconnected.
  if (socket.conn.readyState !== "open") slots.release(slot);
}

/** What Socket.IO calls a client after a drop is the client's secret, and what a client calls itself can be anything. */
function slotOf(socket: Socket, userId: string): ConnectionSlot {
  const { pid } = socket as unknown as { pid: string };
  const before: unknown = socket.handshake.auth.pid;
  const former = typeof before === "string" ? fingerprint(before) : undefined;
  return { userId, id: socket.id, client: fingerprint(pid), former, cut: () => socket.conn.close() };
}

/** As Express takes it behind one proxy: what the gateway put at the end. */
function addressOf({ headers, address }: Socket["handshake"]): string {
  return (
    String(headers["x-forwarded-for"] ?? "")
      .split(",")
      .at(-1)
      ?.trim() || address
  );
}

/** Refuses a handshake: the client gets the problem as `data` of its `connect_error`. */
export function refusal(deps: AdmissionDeps, error: unknown): ExtendedError {
  const problem = note(deps, error);
  return Object.assign(new Error(problem.message), { data: describe(problem) });
}

/** Ends a connection for good: the client gets the reason, and does not come back by itself. */
export function endSocket(deps: AdmissionDeps, socket: Socket, error: unknown): void {
  if (!socket.connected) return;
  socket.emit("closing", describe(note(deps, error)));
  socket.disconnect(true);
}

function note(deps: AdmissionDeps, error: unknown): Problem {
  const problem = toProblem(error);
  deps.metrics.socketRefused({ code: problem.code });
  recordProblem(problem, deps, "socket refused");
  return problem;
}

function describe({ code, status, headers }: Problem) {
  const { title, remedy: hint } = CATALOGUE[code];
  const wait = Number(headers["Retry-After"]);
  return { type: `/problems/${code}`, title, status, code, hint, ...(wait > 0 && { retryAfter: wait }) };
}
