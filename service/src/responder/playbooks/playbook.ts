import type { Incident, Target } from "../../model/incidents.ts";
import type { PlaybookName } from "../../model/remedies.ts";
import type { Deps } from "../deps.ts";

/** Why a playbook may not act, in a sentence for a person. */
export class Refused extends Error {}

/** A remedy as data with its guards. What it may act on is what `find` returns, and no more than `most` of it. */
export interface Playbook {
  name: PlaybookName;
  /** What it does, in a sentence that a person reads before it is done. */
  does: string;
  /** Alerts that it is a remedy for; each has a runbook of its name, docs/runbooks/<alert>.md, that names the playbook. */
  alerts: readonly string[];
  /** Whether it is one for this incident of them. @default each */
  fits?(incident: Incident): boolean;
  /** Seconds between two tries, whichever incident they are for. */
  cooldownSeconds: number;
  /** Tries for one incident. */
  maxTries: number;
  /** Blast radius: with more targets than this it refuses to act at all. */
  most: number;
  /** What a target is, in the plural. */
  unit: string;
  /** The precondition: what there is now to act on. Without any it refuses. @throws Refused where it can say why it may not act */
  find(deps: Deps, incident: Incident): Promise<Target[]>;
  /** Acts on one target and says what it did. It looks again whether the target is still what `find` saw. */
  act(deps: Deps, target: Target): Promise<string>;
  /** The postcondition: whether what was acted on is now as it should be. */
  holds(deps: Deps, targets: readonly Target[]): Promise<boolean>;
  /** Takes back, once the incident is over, what was only for its time. @default nothing */
  undo?(deps: Deps, target: Target): Promise<string>;
}
