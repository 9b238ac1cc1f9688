/** Between two looks at how late the event loop is. */
const TICK_MS = 10;

let due = performance.now() + TICK_MS;
let total = 0;
const watchers = new Set<(delayMs: number) => void>();

/** Every timer is a fraction of a millisecond late: only who misses a whole look was held up. */
const pause = (delayMs: number) => (delayMs > TICK_MS ? delayMs : 0);

function look(): void {
  const now = performance.now();
  const delayMs = Math.max(0, now - due);
  total += pause(delayMs);
  due = now + TICK_MS;
  for (const tell of watchers) tell(delayMs);
}
setInterval(look, TICK_MS).unref();

/**
 * Milliseconds, since this was loaded, in which the event loop did not come to what was due: the process computed, or had
 * no CPU. In them it hears no answer, though there may be one.
 */
export function eventLoopDelayMs(): number {
  return total + pause(performance.now() - due);
}

/** Tells at each look how late it came, in milliseconds, until what it gives back is called. */
export type WatchEventLoopDelay = (tell: (delayMs: number) => void) => () => void;

export const watchEventLoopDelay: WatchEventLoopDelay = (tell) => {
  watchers.add(tell);
  return () => void watchers.delete(tell);
};
