import type { Plan } from "../plan/plan.ts";
import type { Measurements } from "../results/result.ts";
import type { Elsewhere } from "./elsewhere.ts";

/** Where a run goes, and as whom. */
export interface Target {
  /** `https://127.0.0.1:30258` */
  readonly url: string;
  /** Certificate authority to trust, PEM. @default the system's */
  readonly ca?: string;
  /** Bearer token of steps that need a user. */
  readonly token: string;
  /** Value of the header `X-Synthetic`, by which requests of load tests are known. */
  readonly mark: string;
}

/** Header that marks requests which no person made. */
export const SYNTHETIC = "X-Synthetic";

/** Seconds until a request without an answer has failed, with every tool. */
export const TIMEOUT_SECONDS = 30;

/** How a run goes, told about once a second. */
export interface Progress {
  readonly atSeconds: number;
  /** Requests that ended in the last second. */
  readonly perSecond: number;
  readonly failed: number;
  readonly requests: number;
  readonly p95Us: number;
}

export interface ToolRun {
  readonly plan: Plan;
  readonly target: Target;
  /** Folder for the tool's files. */
  readonly dir: string;
  readonly progress: (progress: Progress) => void;
  /** Aborted when the run is to end early; the tool then tells what it has. */
  readonly stop: AbortSignal;
  /** Where the tool runs. @default on this machine */
  readonly elsewhere?: Elsewhere;
}

/** A program that makes load. */
export interface Tool {
  readonly name: string;
  /** Open: sessions begin at their moment, whatever became of those before. */
  readonly model: "open" | "closed";
  /** From which moment to which moment a latency goes, in words. */
  readonly latency: string;
  /** It can run in the cluster. @default false */
  readonly goesElsewhere?: boolean;
  /**
   * The version of what will run.
   * @throws UserError where it is missing
   */
  version(): Promise<string>;
  run(run: ToolRun): Promise<Measurements>;
}
