/** Between two looks at how late the event loop is. */
const TICK_MS = 10;

let due = performance.now() + TICK_MS;
let total = 0;

function tick(): void {
  const now = performance.now();
  total += Math.max(0, now - due);
  due = now + TICK_MS;
}
setInterval(tick, TICK_MS).unref();

/**
 * Milliseconds, since this was loaded, in which the event loop did not come to what was due: the process computed, or had
 * no CPU. In them it hears no answer, though there may be one.
 */
export function heldUpMs(): number {
  return total + Math.max(0, performance.now() - due);
}
