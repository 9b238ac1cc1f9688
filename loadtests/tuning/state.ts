import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { UserError } from "../lib/errors.ts";

/** One change of the configuration that was tried, or is being tried. */
export interface Trial {
  readonly kind: string;
  readonly key: string;
  readonly from: number;
  readonly to: number;
  readonly why: string;
  readonly evidence: readonly string[];
  /** Files of results with the change. */
  readonly runs: readonly string[];
  /** Measured with it, and what became of it. */
  readonly outcome?: "kept" | "rolled back";
  readonly better?: readonly string[];
  readonly worse?: readonly string[];
  readonly unchanged?: readonly string[];
}

/** What a tuning has done so far: enough to go on, or back, after it was killed at any moment. */
export interface State {
  readonly schema: "media-tuning/1";
  readonly stack: string;
  readonly startedAt: string;
  readonly endedAt?: string;
  /** Of the load, so that runs before and after a kill are of one kind. */
  readonly load: Readonly<Record<string, string | number>>;
  /** Results that the next change is compared with. */
  readonly baseline: readonly string[];
  readonly trials: readonly Trial[];
  /** The change that is on the stack and not decided; undefined between trials. */
  readonly trying?: Trial;
  /** Why there is nothing more to do. */
  readonly end?: string;
}

/** The state of a stack's tuning in a file that is replaced whole at each step. */
export class StateFile {
  readonly path: string;
  readonly #stack: string;

  constructor(dir: string, stack: string) {
    mkdirSync(dir, { recursive: true });
    this.path = join(dir, `tuning-${stack}.json`);
    this.#stack = stack;
  }

  read(): State | undefined {
    if (!existsSync(this.path)) return undefined;
    try {
      const state = JSON.parse(readFileSync(this.path, "utf8")) as State;
      if (state.schema === "media-tuning/1" && state.stack === this.#stack) return state;
    } catch {}
    throw new UserError(
      `${this.path} is not the state of a tuning of stack ${this.#stack}`,
      "remove it; a change that was being tried is removed by: make up",
    );
  }

  write(state: State): State {
    writeFileSync(`${this.path}.new`, `${JSON.stringify(state, null, 2)}\n`);
    renameSync(`${this.path}.new`, this.path);
    return state;
  }

  /**
   * Keeps a second process from tuning the same stack until the returned function is called, or this process has ended.
   *
   * @throws UserError where another process tunes it
   */
  hold(): () => void {
    const lock = `${this.path}.lock`;
    const holder = existsSync(lock) ? Number(readFileSync(lock, "utf8")) : 0;
    if (holder > 0 && isAlive(holder))
      throw new UserError(`process ${holder} is tuning stack ${this.#stack}`, "wait for its end, or interrupt it");
    writeFileSync(lock, String(process.pid));
    return () => rmSync(lock, { force: true });
  }

  remove(): void {
    rmSync(this.path, { force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
