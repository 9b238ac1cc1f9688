import type { Interruptible } from "./interrupt.ts";

/** A figure and how its values are measured. */
export interface Measure {
  readonly name: string;
  readonly unit: string;
  /** No value may be above it. A figure without a bound is there to compare others with. */
  readonly bound?: number;
  /** No value may be below the bound instead. */
  readonly atLeast?: true;
  readonly runs: number;
  /** One value, or those of a run that has several. */
  once(): Promise<number | readonly number[]>;
}

/**
 * Figures that are measured together.
 *
 * @param measure measures a figure and records it
 * @param work runs the group's children, so that a signal ends them
 */
export type Group = (measure: (figure: Measure) => Promise<void>, work: Interruptible) => Promise<void>;

/** Seconds that the work takes. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const from = performance.now();
  await work();
  return (performance.now() - from) / 1000;
}
