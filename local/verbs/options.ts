/** The options of every verb. The Makefile's variables have the same names. */
export interface Options {
  /** Stack: base, dev, staging, perf, prod or dr. @default dev */
  readonly stack: string;
  /** Name of the embedded cluster; two can run side by side. @default default */
  readonly name: string;
  /** Kind of drill. */
  readonly kind?: string;
  /** Number of a drill's repetitions. @default the drill's own */
  readonly count?: string;
  /** Where random numbers start, so that a run can be repeated. @default 1 */
  readonly seed?: string;
  /** Names of the figures to measure, separated by spaces. @default all that are not costly */
  readonly only?: string;
  /** The stack's name again, for verbs that destroy. */
  readonly confirm?: string;
  /** Remove data and caches too. */
  readonly purge: boolean;
  /** Output for scripts. */
  readonly json: boolean;
}

export type Verb = (options: Options) => Promise<void>;
