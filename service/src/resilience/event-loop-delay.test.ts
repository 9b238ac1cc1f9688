import { setTimeout as sleep } from "node:timers/promises";
import { eventLoopDelayMs, watchEventLoopDelay } from "./event-loop-delay.ts";

function holdUp(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

test("a loop that runs was not held up, though each timer is a little late", async () => {
  const spans: number[] = [];
  // Other tests run beside this one, and can hold it up for a moment; the timers' own lateness would be in each span.
  while (!spans.includes(0) && spans.length < 100) {
    const before = eventLoopDelayMs();
    await sleep(50);
    spans.push(eventLoopDelayMs() - before);
  }
  expect(spans).toContain(0);
});

test("a pause is seen while it lasts and after it, once; watchers are called until they unsubscribe", async () => {
  const seen: number[] = [];
  const leave = watchEventLoopDelay((delayMs) => seen.push(delayMs));
  const before = eventLoopDelayMs();
  holdUp(200);
  expect(eventLoopDelayMs() - before).toBeGreaterThan(180);
  await sleep(30);
  expect(eventLoopDelayMs() - before).toBeGreaterThan(180);
  expect(Math.max(...seen)).toBeGreaterThan(180);
  leave();
  const heard = seen.length;
  await sleep(30);
  expect(seen).toHaveLength(heard);
});
