import { setTimeout as sleep } from "node:timers/promises";
import type { Target } from "@media/drills/stack";

/** What a fault is injected into: a running stack, and traffic that lasts until the fault is undone. */
export interface Stage {
  readonly target: Target;
  /** Repeats a call every so many milliseconds until `quiet`; what it throws does not matter. */
  traffic(everyMs: number, call: () => Promise<unknown>): void;
}

/** An alert whose fault is injected on the running stack. */
export interface Injected {
  readonly by: "injection";
  /** What is made to go wrong: a sentence for the table. */
  readonly fault: string;
  /** How it is taken back: a sentence for the table. */
  readonly undone: string;
  /** Seconds after the injection in which the alert has to fire. */
  readonly seconds: number;
  /** Seconds after the end in which the alert has to be over. @default 900: ranges of expressions look back ten minutes at most */
  readonly endSeconds?: number;
  inject(stage: Stage): Promise<void>;
  /** Takes it back, also where the injection came half way or not at all: a run that was killed is tidied so. */
  undo(stage: Stage): Promise<void>;
}

/** An alert that only recorded or made-up series raise: its cases of promtool (dashboards/rules/cases). */
export interface Replayed {
  readonly by: "replay";
  /** Why its fault is not injected. */
  readonly why: string;
}

export type Entry = Injected | Replayed;

export const replayed = (why: string): Replayed => ({ by: "replay", why });

/** A stage whose traffic can be ended. */
export function createStage(target: Target): Stage & { quiet(): Promise<void> } {
  let stop = new AbortController();
  let loops: Promise<void>[] = [];
  const loop = async (everyMs: number, call: () => Promise<unknown>, { signal }: AbortController) => {
    while (!signal.aborted) {
      await Promise.all([call().catch(() => {}), sleep(everyMs, undefined, { signal }).catch(() => {})]);
    }
  };
  return {
    target,
    traffic: (everyMs, call) => void loops.push(loop(everyMs, call, stop)),
    async quiet() {
      stop.abort();
      await Promise.all(loops);
      stop = new AbortController();
      loops = [];
    },
  };
}
