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
  /**
   * Replaces generated credentials of the running stack (names, or "all"), in steps between which two are valid. Absent where
   * the stack's configuration is not at hand.
   */
  readonly rotate?: (what: string) => Promise<void>;
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
  /** A point in time, ISO 8601 with its zone, for a drill that restores to one. @default the drill's own */
  readonly target?: string;
  /** Names of credentials, for a drill that replaces some. @default the drill's own */
  readonly what?: string;
  /** An image, for a drill whose pod needs another one than the stack's. */
  readonly image?: string;
}

/** A kind of drill. */
export interface Drill {
  /** One line for --help. */
  readonly summary: string;
  /** Whether it destroys the stack or a part of it: it then has to be confirmed. */
  readonly destroys: boolean;
  /** Whether it changes nothing: it then needs neither the stack's lease nor a confirmation. @default false */
  readonly readOnly?: boolean;
  /** Whether only the owner of the nodes can run it. @default false */
  readonly needsOwner?: boolean;
  /** An image of local/images that its pod needs, given by --image. @default the stack's own */
  readonly image?: string;
  /** Refuses wrong options before anything is touched. @throws UserError */
  readonly check?: (options: DrillOptions) => void;
  readonly run: (context: DrillContext, clock: Clock, options: DrillOptions) => Promise<DrillResult>;
}
