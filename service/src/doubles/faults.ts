import { z } from "zod";

const HOUR_MS = 3_600_000;

/** The knobs of a double. All of them off is a service in good health. */
export const knobs = z.strictObject({
  /** Milliseconds added to every answer. */
  latencyMs: z.int().min(0).max(HOUR_MS).default(0),
  /** Share of calls that fail, spread evenly: 0.25 is every fourth. */
  errorRate: z.number().min(0).max(1).default(0),
  /** Status of a failed call. */
  errorStatus: z.int().min(400).max(599).default(503),
  /** Answers well for `upMs`, then fails for `downMs`, and again. */
  flap: z
    .strictObject({ upMs: z.int().min(1).max(HOUR_MS), downMs: z.int().min(1).max(HOUR_MS) })
    .nullable()
    .default(null),
  /** Answers 200 with a body that is not JSON. */
  garbage: z.boolean().default(false),
});

export type Knobs = z.infer<typeof knobs>;

/** What the next answer should be. */
export interface Verdict {
  latencyMs: number;
  /** Status to fail with, or undefined to answer well. */
  failWith: number | undefined;
  garbage: boolean;
}

export interface Faults {
  get(): Knobs;
  /** Replaces all knobs; those not given are off. */
  set(next: Knobs): void;
  next(): Verdict;
}

/** No dice are thrown: the same calls get the same answers, so that a test says the same each time. */
export function createFaults(now = Date.now): Faults {
  const healthy = () => knobs.parse({});
  let current = healthy();
  let since = now();
  let calls = 0;
  return {
    get: () => current,
    set(next) {
      current = next;
      since = now();
      calls = 0;
    },
    next() {
      calls += 1;
      const failed = isTurn(calls, current.errorRate) || isDown(current.flap, now() - since);
      return {
        latencyMs: current.latencyMs,
        failWith: failed ? current.errorStatus : undefined,
        garbage: current.garbage,
      };
    },
  };
}

function isTurn(call: number, rate: number): boolean {
  return Math.floor(call * rate) > Math.floor((call - 1) * rate);
}

function isDown(flap: Knobs["flap"], elapsedMs: number): boolean {
  return flap !== null && elapsedMs % (flap.upMs + flap.downMs) >= flap.upMs;
}
