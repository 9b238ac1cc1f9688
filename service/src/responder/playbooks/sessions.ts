import type { Target } from "../../model/incidents.ts";
import { alertsOf } from "../../model/remedies.ts";
import type { Session } from "../sources/operations.ts";
import type { Playbook } from "./playbook.ts";

const IDLE = ["idle in transaction", "idle in transaction (aborted)"];

/** A pid alone may be another session's by the time of the action. */
const targetOf = ({ pid, backendStart, user, application, seconds, statement }: Session): Target => ({
  id: `${pid}@${backendStart}`,
  about: { pid, backendStart, user, application, seconds: Math.round(seconds), statement },
});
const sessionOf = ({ about }: Target) => ({ pid: Number(about.pid), backendStart: String(about.backendStart) });

/** Whether none of the targets is among the sessions. */
const gone = (sessions: readonly Session[], targets: readonly Target[]) =>
  !sessions.some((session) => targets.some(({ id }) => id === targetOf(session).id));

/** Ends sessions that hold a transaction open and do nothing: they keep locks, and keep vacuum from cleaning up. */
export const endIdleInTransaction: Playbook = {
  name: "end-idle-in-transaction",
  does: "Ends sessions of ordinary roles that have been idle in a transaction for too long; their transactions are rolled back.",
  alerts: alertsOf("end-idle-in-transaction"),
  cooldownSeconds: 20,
  maxTries: 3,
  most: 5,
  unit: "sessions",
  find: async ({ operations, settings }) => (await operations.transactions(IDLE, settings.limits.idle)).map(targetOf),
  async act({ operations, settings }, target) {
    const done = await operations.endSession(sessionOf(target), IDLE, settings.limits.idle);
    return done ? `session ${target.id} was told to end` : `session ${target.id} was no longer idle in its transaction`;
  },
  holds: async ({ operations }, targets) => gone(await operations.transactions(IDLE, 0), targets),
};

/** Cancels statements that run for so long that a person cannot wait for them. */
export const cancelRunawayQueries: Playbook = {
  name: "cancel-runaway-queries",
  does: "Cancels statements of ordinary roles whose transactions have worked for too long; the sessions stay.",
  alerts: alertsOf("cancel-runaway-queries"),
  cooldownSeconds: 30,
  maxTries: 3,
  most: 3,
  unit: "statements",
  find: async ({ operations, settings }) =>
    (await operations.transactions(["active"], settings.limits.runaway)).map(targetOf),
  async act({ operations, settings }, target) {
    const done = await operations.cancelStatement(sessionOf(target), settings.limits.runaway);
    return done ? `the statement of ${target.id} was cancelled` : `${target.id} no longer ran its statement`;
  },
  holds: async ({ operations, settings }, targets) =>
    gone(await operations.transactions(["active"], settings.limits.runaway), targets),
};
