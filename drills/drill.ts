import type { Clock, DrillResult } from "./evidence.ts";
import type { ClusterOwner } from "./lib/owner.ts";
import type { StackProgram } from "./lib/program.ts";
import type { Stack } from "./lib/stack.ts";

/** What a drill works on. */
export interface DrillContext {
  readonly stack: Stack;
  readonly program: StackProgram;
  /** Absent where only a kubeconfig is at hand. */
  readonly owner?: ClusterOwner;
  /** Called with lines of progress. */
  readonly report: (line: string) => void;
  /** Folder of the evidence. */
  readonly evidenceFolder: string;
}

/** What a person says about one drill. */
export interface DrillOptions {
  /** The stack's name once more. A drill that destroys wants it. */
  readonly confirm?: string;
  /** Number of repetitions, where a drill repeats something. @default the drill's own */
  readonly count?: string;
}

/** A kind of drill. */
export interface Drill {
  /** One line for --help. */
  readonly summary: string;
  /** Whether it destroys the stack or a part of it: it then has to be confirmed. */
  readonly destroys: boolean;
  /** Refuses wrong options before anything is touched. @throws UserError */
  readonly check?: (options: DrillOptions) => void;
  readonly run: (context: DrillContext, clock: Clock, options: DrillOptions) => Promise<DrillResult>;
}
