import type { Incident } from "../../model/incidents.ts";
import { openBreakerByHand } from "./breakers.ts";
import { shedCache, warmCache } from "./cache.ts";
import type { Playbook } from "./playbook.ts";
import { restartStuckPod, scaleOut } from "./pods.ts";
import { pauseQueue } from "./queues.ts";
import { rollBackRollout } from "./rollback.ts";
import { cancelRunawayQueries, endIdleInTransaction } from "./sessions.ts";
import { rebuildStandby } from "./standby.ts";
import { expandVolume } from "./volumes.ts";
import { archiveWal } from "./wal.ts";

export const PLAYBOOKS: readonly Playbook[] = [
  endIdleInTransaction,
  cancelRunawayQueries,
  restartStuckPod,
  scaleOut,
  pauseQueue,
  rollBackRollout,
  rebuildStandby,
  openBreakerByHand,
  expandVolume,
  archiveWal,
  warmCache,
  shedCache,
];

/** The remedy for an incident; undefined: a person has to look. */
export function playbookFor(incident: Incident, from: readonly Playbook[] = PLAYBOOKS): Playbook | undefined {
  return from.find(({ alerts, fits = () => true }) => alerts.includes(incident.alert) && fits(incident));
}
