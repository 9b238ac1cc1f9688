import { eventLoopDelayMs } from "./event-loop-delay.ts";

/** After a longer pause a turn of the event loop is waited for in any case: timers run before answers that have come are read. */
const TURN_MS = 50;

/**
 * Gives up on `work` after so many milliseconds, with the error of `late`. What the process itself was held up meanwhile
 * does not count, up to as long again: else a process that had no CPU for a second would take it for the other side's
 * silence, and leave a dependency alone that has answered.
 */
export async function within<T>(ms: number, work: (signal: AbortSignal) => Promise<T>, late: () => Error): Promise<T> {
  const started = performance.now();
  const delayBefore = eventLoopDelayMs();
  const abort = new AbortController();
  const gone = Promise.withResolvers<never>();
  let turns = 0;
  const look = () => {
    const delay = eventLoopDelayMs() - delayBefore;
    const rest = ms + Math.min(ms, delay) - (performance.now() - started);
    // Timers may fire a fraction of a millisecond early.
    if (rest > 1) timer = setTimeout(look, rest);
    else if (delay > TURN_MS && turns++ === 0) timer = setTimeout(look, TURN_MS);
    else {
      const error = late();
      gone.reject(error);
      abort.abort(error);
    }
  };
  let timer = setTimeout(look, ms);
  try {
    return await Promise.race([work(abort.signal), gone.promise]);
  } finally {
    clearTimeout(timer);
  }
}
