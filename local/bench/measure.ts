/** A figure and how its values are measured. */
export interface Measure {
  readonly name: string;
  readonly unit: string;
  /** What no value may be above; without one the figure is there to compare others with. */
  readonly bound?: number;
  /** No value may be below the bound instead. */
  readonly atLeast?: true;
  readonly runs: number;
  /** One value. */
  once(): Promise<number>;
}

/** Figures that share something costly, such as a cluster: it is there while they are measured. */
export type Group = (measure: (figure: Measure) => Promise<void>) => Promise<void>;

/** Seconds that the work takes. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const from = performance.now();
  await work();
  return (performance.now() - from) / 1000;
}
