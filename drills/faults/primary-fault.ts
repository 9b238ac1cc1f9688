import type { DrillContext } from "../drill.ts";

/** A fault of a primary. */
export interface PrimaryFault {
  /** One line for --help, which goes on with "while rows are written". */
  readonly summary: string;
  /** Only the owner of the node can do it. @default false */
  readonly needsOwner?: boolean;
  /** How many seconds of acknowledged writes may be lost. @default 0 */
  readonly mostLostSeconds?: number;
  /**
   * @param primary as `pod/NAME`
   * @returns what has to be undone, if anything
   */
  readonly inject: (context: DrillContext, primary: string) => Promise<(() => Promise<void>) | undefined>;
}
