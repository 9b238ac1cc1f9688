/** How often limits are set anew: many times within the seconds in which a wave of requests builds up. */
export const WINDOW_MS = 100;
/** A wait that stands for so many windows is an overload; one that is gone by the next was a burst (as CoDel has it). */
const STANDING_WINDOWS = 2;
/** Where a limit begins, and above which none is of any use. */
const MOST = 1_024;
/** Multiplicative decrease (Chiu and Jain 1989: with an additive increase the pair that ends at a fair share). */
const DECREASE = 0.8;

/** How a limit follows the wait for what it stands before. */
export interface Bounds {
  /** A mean wait (milliseconds) above this, and there are more than can be done. */
  targetMs: number;
  /** So many are always let in: they do not wait for each other. */
  least: number;
  /** Additive increase. */
  increase: number;
}

/** Lets requests in up to a limit that follows how long they wait. Pure: its user brings time and measurements. */
export class Limiter {
  readonly #bounds: Bounds;
  #limit = MOST;
  #inFlight = 0;
  #most = 0;
  #lateWindows = 0;

  constructor(bounds: Bounds) {
    this.#bounds = bounds;
  }

  get limit(): number {
    return Math.round(this.#limit);
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  /** Whether one more finds a place within `share` (0 to 1) of the limit. */
  hasRoom(share: number): boolean {
    return this.#inFlight < this.#limit * share;
  }

  /** One more is at work; `leave` must be called at its end. */
  enter(): void {
    this.#inFlight += 1;
    if (this.#inFlight > this.#most) this.#most = this.#inFlight;
  }

  leave(): void {
    this.#inFlight -= 1;
  }

  /** At the end of a window in which requests waited so long. */
  adjust(waitMs: number): void {
    const { targetMs, least, increase } = this.#bounds;
    const used = this.#most;
    this.#most = this.#inFlight;
    this.#lateWindows = waitMs > targetMs ? this.#lateWindows + 1 : 0;
    // From what was used, not from the limit: after a quiet time the limit is far above what would help.
    if (this.#lateWindows >= STANDING_WINDOWS) {
      this.#limit = Math.max(least, Math.min(this.#limit, used) * DECREASE);
    } else if (this.#lateWindows === 0) {
      // An unused limit says nothing about what is possible: it grows all the same, so that the
      // process is open again soon after an overload.
      this.#limit = Math.min(MOST, this.#limit + Math.max(increase, this.#limit * 0.02));
    }
  }
}
