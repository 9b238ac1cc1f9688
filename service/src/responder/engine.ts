import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { claimDue, saveStep } from "../data/repositories/incidents.ts";
import { FOLLOWS, type Incident } from "../model/incidents.ts";
import { createOutage } from "../observability/outage.ts";
import type { Deps } from "./deps.ts";
import { PLAYBOOKS } from "./playbooks/index.ts";
import type { Playbook } from "./playbooks/playbook.ts";
import { STEPS } from "./steps.ts";

/** Longer than any step takes: each of its questions has a deadline of its own. */
const LEASE_SECONDS = 90;
/** Incidents at work at once. */
const AT_ONCE = 8;
const POLL_MS = 1_000;
/** After a step that failed. */
const AGAIN_SECONDS = 5;

export interface EngineOptions {
  /** @default all */
  playbooks?: readonly Playbook[];
  /** @default 90 */
  leaseSeconds?: number;
}

/** Brings incidents from step to step. Any number of processes may do so: each step has a lease. */
export interface Engine {
  /** Looks for due incidents until the signal comes. */
  run(stop: AbortSignal): Promise<void>;
  /** Looks at once. */
  wake(): void;
  /** Does every step that is due now, and says how many. */
  once(): Promise<number>;
}

export function createEngine(deps: Deps, options: EngineOptions = {}): Engine {
  const { playbooks = PLAYBOOKS, leaseSeconds = LEASE_SECONDS } = options;
  const { database, log, metrics } = deps;
  const holder = randomUUID();
  let woken = Promise.withResolvers<void>();
  const outage = createOutage(log, {}, "incidents cannot be gone on with", "incidents are gone on with again", () =>
    metrics.backgroundFailure({ task: "incidents" }),
  );

  const step = async (incident: Incident): Promise<void> => {
    const about = { incident: incident.id, alert: incident.alert, state: incident.state };
    try {
      const next = await STEPS[incident.state]({ deps, incident, holder, playbooks });
      const { state, dueInSeconds = 0, changes = {}, events = [] } = next;
      if (state !== incident.state && !FOLLOWS[incident.state].includes(state))
        throw new Error(`${state} does not follow ${incident.state}`);
      const saved = await saveStep(database, holder, incident, { state, dueInSeconds, changes, events });
      if (!saved) return void log.info(about, "incident moved meanwhile");
      for (const { kind, message } of events) log.info({ ...about, to: state, kind }, message);
    } catch (error) {
      log.warn({ err: error, ...about }, "a step of an incident failed");
      metrics.backgroundFailure({ task: "incident-step" });
      const again = { state: incident.state, dueInSeconds: AGAIN_SECONDS, changes: {}, events: [] };
      await saveStep(database, holder, incident, again);
    }
  };
  const once = async () => {
    const due = await claimDue(database, holder, leaseSeconds, AT_ONCE);
    await Promise.all(due.map(step));
    return due.length;
  };
  return {
    once,
    wake: () => woken.resolve(),
    async run(stop) {
      while (!stop.aborted) {
        let did = 0;
        try {
          did = await once();
          outage.over();
        } catch (error) {
          outage.failed(error);
        }
        if (did > 0) continue;
        await Promise.race([sleep(POLL_MS, undefined, { signal: stop }).catch(() => {}), woken.promise]);
        woken = Promise.withResolvers<void>();
      }
    },
  };
}
