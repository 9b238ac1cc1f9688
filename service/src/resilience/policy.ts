import {
  BrokenCircuitError,
  BulkheadRejectedError,
  bulkhead,
  CircuitState,
  ConsecutiveBreaker,
  circuitBreaker,
  ExponentialBackoff,
  handleWhen,
  retry,
  TaskCancelledError,
  wrap,
} from "cockatiel";
import { Problem } from "../errors/problem.ts";
import type { Metrics } from "../observability/metrics/metrics.ts";
import { within } from "./deadline.ts";
import { type Dependency, POLICIES, type PolicySettings } from "./policies.ts";
import { createBudget } from "./retry-budget.ts";

/** Which errors, besides a try that took too long, say that the dependency is in trouble; all others pass through. */
export interface Verdicts {
  isFailure(error: unknown): boolean;
  /** Of those, the ones that a second try may mend. */
  isRetriable(error: unknown): boolean;
}

export interface Policy {
  /** Under the whole policy; `work` must bear being done twice. */
  execute<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T>;
  /** Under bulkhead and breaker only, with deadlines of its own. */
  once<T>(work: () => Promise<T>): Promise<T>;
  /** Opens the breaker by hand for so many seconds, after which it closes by itself; 0 closes it now. */
  hold(seconds: number): void;
  /** Whether calls pass now. */
  circuit(): "closed" | "half-open" | "open";
}

/** Puts a dependency's policy around the calls to it. */
export function createPolicy(name: Dependency, { isFailure, isRetriable }: Verdicts, metrics: Metrics): Policy {
  const settings: PolicySettings = POLICIES[name];
  const budget = createBudget(settings.retryBudget);
  const failed = (error: Error) => error instanceof TaskCancelledError || isFailure(error);
  const breaker = circuitBreaker(handleWhen(failed), {
    halfOpenAfter: settings.breaker.openMs,
    breaker: new ConsecutiveBreaker(settings.breaker.failures),
  });
  const retries = retry(
    handleWhen((error) => isRetriable(error) && budget.take()),
    {
      maxAttempts: settings.retries,
      backoff: new ExponentialBackoff({
        initialDelay: settings.retryDelayMs.first,
        maxDelay: settings.retryDelayMs.most,
      }),
    },
  );
  const breaking = wrap(bulkhead(settings.bulkhead.limit, settings.bulkhead.queue), breaker);
  const late = () => new TaskCancelledError(`Operation timed out after ${settings.attemptMs}ms`);

  let heldUntil = 0;
  // A clock that is set meanwhile must not keep it open.
  const heldMs = () => Math.max(0, heldUntil - performance.now());
  const circuit = () => (heldMs() > 0 ? CIRCUIT[CircuitState.Isolated] : CIRCUIT[breaker.state]);

  let openedAt = 0;
  breaker.onBreak(() => {
    openedAt = Date.now();
  });
  retries.onRetry(() => metrics.retry({ dependency: name }));
  metrics.watchCircuit(name, () => circuit().value);

  const enter = async <T>(work: () => Promise<T>): Promise<T> => {
    if (heldMs() > 0) throw circuitOpen(name, heldMs());
    // One call tries whether the dependency is back. The library has the others wait for what comes of it, for as long
    // as a try may take; they have a fallback, or a client who can come again.
    if (breaker.state === CircuitState.HalfOpen) throw circuitOpen(name, settings.attemptMs);
    try {
      return await breaking.execute(work);
    } catch (error) {
      if (error instanceof BrokenCircuitError) throw circuitOpen(name, openedAt + settings.breaker.openMs - Date.now());
      if (error instanceof BulkheadRejectedError) throw overloaded(name);
      throw error;
    }
  };
  return {
    execute: (work) => {
      budget.earn();
      return enter(() => retries.execute(() => within(settings.attemptMs, work, late)));
    },
    once: enter,
    hold: (seconds) => {
      heldUntil = performance.now() + seconds * 1_000;
    },
    circuit: () => circuit().name,
  };
}

/** What a state is called, and its value in the gauge. */
const CIRCUIT = {
  [CircuitState.Closed]: { name: "closed", value: 0 },
  [CircuitState.HalfOpen]: { name: "half-open", value: 1 },
  [CircuitState.Open]: { name: "open", value: 2 },
  [CircuitState.Isolated]: { name: "open", value: 2 },
} as const satisfies Record<CircuitState, object>;

function circuitOpen(dependency: string, restMs: number): Problem {
  const seconds = Math.max(1, Math.ceil(restMs / 1_000));
  return new Problem("circuit-open", { headers: { "Retry-After": String(seconds) }, extensions: { dependency } });
}

function overloaded(dependency: string): Problem {
  return new Problem("overloaded", { headers: { "Retry-After": "1" }, extensions: { dependency } });
}

/** For dependencies that are only ever asked, and whose every error is a failure. */
export const ANY_ERROR: Verdicts = { isFailure: () => true, isRetriable: () => false };
