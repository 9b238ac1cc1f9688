import { setTimeout as sleep } from "node:timers/promises";
import { execa, type Options } from "execa";

/** Time that a group of processes gets to end by itself. */
const GRACE_MS = 15_000;
const SIGNALS = ["SIGINT", "SIGTERM"] as const;

/** Thrown where work ends because this process was asked to end. */
export class Interrupted extends Error {
  constructor(signal: string) {
    super(`ended by ${signal}`);
    this.name = "Interrupted";
  }
}

/**
 * Work that a signal ends as a whole. SIGINT or SIGTERM to this process alone ends its children too: each of them has a
 * process group of its own, which gets SIGINT, and SIGKILL after a grace period. The work itself then ends with an error,
 * so that its `finally` blocks can clean up.
 */
export class Interruptible {
  readonly #abort = new AbortController();
  readonly #groups = new Set<number>();
  readonly #graceMs: number;

  constructor({ graceMs = GRACE_MS } = {}) {
    this.#graceMs = graceMs;
  }

  /** Runs the work. @throws Interrupted after a signal, when the work has cleaned up */
  async run<T>(work: () => Promise<T>): Promise<T> {
    const interrupt = (signal: NodeJS.Signals) => {
      if (this.#abort.signal.aborted) return;
      this.#abort.abort(new Interrupted(signal));
      for (const group of this.#groups) signalGroup(group, "SIGINT");
      setTimeout(() => this.#killAll(), this.#graceMs).unref();
    };
    const killAll = () => this.#killAll();
    for (const signal of SIGNALS) process.on(signal, interrupt);
    // A second Ctrl-C ends this process at once. Its children must not survive it.
    process.on("exit", killAll);
    try {
      return await work().catch((error: unknown) => {
        throw this.#abort.signal.aborted ? this.#abort.signal.reason : error;
      });
    } finally {
      for (const signal of SIGNALS) process.off(signal, interrupt);
      process.off("exit", killAll);
    }
  }

  /** Runs a child in a process group of its own and waits for it and, after a signal, for the whole group. */
  async child<O extends Options>(program: string, args: readonly string[], options: O) {
    this.throwIfInterrupted();
    const child = execa(program, args, { ...options, detached: true });
    const group = child.pid;
    if (group !== undefined) this.#groups.add(group);
    try {
      return await child;
    } finally {
      if (group !== undefined) {
        if (this.#abort.signal.aborted) await this.#groupEnded(group);
        this.#groups.delete(group);
      }
      this.throwIfInterrupted();
    }
  }

  /** Waits, unless a signal comes. */
  async sleep(seconds: number): Promise<void> {
    await sleep(seconds * 1000, undefined, { signal: this.#abort.signal });
  }

  /** @throws Interrupted after a signal */
  throwIfInterrupted(): void {
    this.#abort.signal.throwIfAborted();
  }

  async #groupEnded(group: number): Promise<void> {
    for (let waited = 0; waited < this.#graceMs && signalGroup(group, 0); waited += 100) await sleep(100);
    signalGroup(group, "SIGKILL");
  }

  #killAll(): void {
    for (const group of this.#groups) signalGroup(group, "SIGKILL");
  }
}

/** Sends a signal to a process group; 0 only asks. Returns whether the group exists. */
function signalGroup(group: number, signal: NodeJS.Signals | 0): boolean {
  try {
    process.kill(-group, signal);
    return true;
  } catch {
    return false;
  }
}
