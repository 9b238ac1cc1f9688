/** What every verb is given; the Makefile's variables under the same names. */
export interface Options {
  /** Stack: base, dev, staging, perf, prod or dr. @default dev */
  readonly stack: string;
  /** Name of the embedded cluster; two can run side by side. @default default */
  readonly name: string;
  /** Kind of drill. */
  readonly kind?: string;
  /** How often a drill does what it does. @default the drill's own */
  readonly count?: string;
  /** Where random numbers start, so that a run can be repeated. @default 1 */
  readonly seed?: string;
  /** Figures to measure, by name, apart by spaces. @default all that are not costly */
  readonly only?: string;
  /** The stack's name once more, for verbs that destroy. */
  readonly confirm?: string;
  /** Remove data and caches too. */
  readonly purge: boolean;
  /** Output for scripts. */
  readonly json: boolean;
}

export type Verb = (options: Options) => Promise<void>;
