import type { Socket as AnySocket, ExtendedError } from "socket.io";
import type { Identity } from "../accounts/roles.ts";
import { refuseExceeded } from "../data/rate-limit.ts";
import type { Sessions } from "../data/sessions.ts";
import { CATALOGUE } from "../errors/catalogue.ts";
import { Problem, toProblem } from "../errors/problem.ts";
import { type Monitors, recordProblem } from "../errors/record.ts";
import { byAddress, type Gate, type GuardDeps } from "../http/guards.ts";
import type { ServerEvents } from "./events.ts";

/** Of what a socket knows: who it is, and after which event it goes on. */
export interface SocketData {
  identity: Identity;
  lastEvent?: string;
}
export type Socket = AnySocket<Record<string, never>, ServerEvents, Record<string, never>, SocketData>;

export interface AdmissionDeps extends Omit<GuardDeps, "beaconLimit">, Monitors {
  sessions: Sessions;
  /** Connections that one user may have to this process. */
  socketsPerUser: number;
}

/** The same checks as for a call by HTTP, and how many connections the user has here; throws a Problem. */
export async function admit(
  { visitorLimit, socketsPerUser }: AdmissionDeps,
  gate: Gate,
  socket: Socket,
  connected: (userId: string) => number,
): Promise<void> {
  const { token } = socket.handshake.auth;
  if (typeof token !== "string") throw new Problem("unauthenticated");
  const count = async () => refuseExceeded(await visitorLimit(byAddress(addressOf(socket.handshake))));
  const { identity, quota } = await gate(token, count);
  refuseExceeded(quota);
  if (connected(identity.id) >= socketsPerUser) throw new Problem("rate-limited", { headers: { "Retry-After": "60" } });
  socket.data.identity = identity;
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
