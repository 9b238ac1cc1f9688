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
  /** Point in time that a drill restores to, ISO 8601; or the workload that is profiled. @default the drill's own; api */
  readonly target?: string;
  /** Where random numbers start, so that a run can be repeated. @default 1 */
  readonly seed?: string;
  /** Names of the figures to measure, separated by spaces. @default all that are not costly */
  readonly only?: string;
  /** What to open: web, dashboards, alerts, incidents, jaeger; or the credentials to replace, or `all`. */
  readonly what?: string;
  /** A trace's id, 32 hexadecimal digits. */
  readonly id?: string;
  /** A statement or command to run, in place of a prompt. */
  readonly run?: string;
  /** File that `make up` wrote to bring a lost state back. @default that of this machine */
  readonly recovery?: string;
  /** Another stack of the cluster, to compare with. */
  readonly other?: string;
  /** The stack's name again, for verbs that destroy. */
  readonly confirm?: string;
  /** Command whose native memory is profiled. */
  readonly command?: string;
  /** Shape of a tuning's load. @default load */
  readonly shape?: string;
  /** Sessions a second of a tuning's load. */
  readonly rate?: string;
  /** Length of a profile, or of each of a tuning's runs. */
  readonly seconds?: string;
  /** Runs on each side of a tuning's comparison. */
  readonly runs?: string;
  /** Changes that a tuning keeps at most. */
  readonly rounds?: string;
  /** Say what would be done, and do nothing. */
  readonly dry?: boolean;
  /** Remove the change that a tuning tries. */
  readonly back?: boolean;
  /** Remove data and caches too. */
  readonly purge: boolean;
  /** Output for scripts. */
  readonly json: boolean;
}

export type Verb = (options: Options) => Promise<void>;
