import { POLICIES } from "../recovery/policies.ts";
import { PRIORITIES, type Priority, SHARES } from "./priorities.ts";

/**
 * How long a request may wait before anything is done for it; above it the process has more to do than it can.
 * From DAGOR, which also says why the wait and not the answer's time is the measure: a slow dependency makes answers
 * late without this process being overloaded (Zhou et al., "Overload Control for Scaling WeChat Microservices",
 * SoCC 2018, section 4.1: 20 ms).
 */
export const TARGET_WAIT_MS = 20;
/** How often the limit is set anew: many times within the seconds in which a wave of requests builds up. */
export const WINDOW_MS = 100;
/** A wait that stands for so many windows is an overload; one that is gone by the next was a burst (as CoDel has it). */
const STANDING_WINDOWS = 2;
/**
 * Requests at work at once. The least are those that PostgreSQL's bulkhead lets in: so few do not wait for each other, so
 * where they are late the machine is busy with something else, or the process has just started and its code is not
 * compiled yet. Refusing them would mend neither. With 8, one call in fifteen was refused while processes were replaced.
 */
const LIMIT = { least: POLICIES.database.bulkhead.limit, most: 1_024 } as const;
/** Additive increase, multiplicative decrease (Chiu and Jain 1989): the pair that ends at a fair share. */
const INCREASE = 4;
const DECREASE = 0.8;

/** Lets requests in up to a limit that follows how long they wait. Pure: whoever uses it brings time and measures. */
export class Limiter {
  #limit: number = LIMIT.most;
  #inFlight = 0;
  #most = 0;
  #lateWindows = 0;
  readonly #byPriority = Object.fromEntries(PRIORITIES.map((name) => [name, 0])) as Record<Priority, number>;

  get limit(): number {
    return Math.round(this.#limit);
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  inFlightOf(priority: Priority): number {
    return this.#byPriority[priority];
  }

  /** Whether the request may go on; if so, `leave` must be called at its end. */
  enter(priority: Priority): boolean {
    if (this.#inFlight >= this.#limit * SHARES[priority]) return false;
    this.#inFlight += 1;
    this.#byPriority[priority] += 1;
    if (this.#inFlight > this.#most) this.#most = this.#inFlight;
    return true;
  }

  leave(priority: Priority): void {
    this.#inFlight -= 1;
    this.#byPriority[priority] -= 1;
  }

  /** At the end of a window in which requests waited so long. */
  adjust(waitMs: number): void {
    const used = this.#most;
    this.#most = this.#inFlight;
    this.#lateWindows = waitMs > TARGET_WAIT_MS ? this.#lateWindows + 1 : 0;
    // From what was used, not from the limit: after a quiet time the limit is far above what would help.
    if (this.#lateWindows >= STANDING_WINDOWS) {
      this.#limit = Math.max(LIMIT.least, Math.min(this.#limit, used) * DECREASE);
    } else if (this.#lateWindows === 0) {
      // A limit that nobody came near to says nothing about what is possible: it grows all the same, so that the
      // process is open again soon after an overload.
      this.#limit = Math.min(LIMIT.most, this.#limit + Math.max(INCREASE, this.#limit * 0.02));
    }
  }
}
