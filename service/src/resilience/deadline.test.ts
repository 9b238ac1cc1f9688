import { setTimeout as sleep } from "node:timers/promises";
import { within } from "./deadline.ts";

const late = () => new Error("late");

function holdUp(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

test("work in time is done, and its error is its own", async () => {
  expect(await within(1_000, async () => 7, late)).toBe(7);
  await expect(within(1_000, () => Promise.reject(new Error("own")), late)).rejects.toThrow("own");
});

test("work that takes too long is given up, and its signal is aborted", async () => {
  let received: AbortSignal | undefined;
  const started = performance.now();
  const work = (signal: AbortSignal) => {
    received = signal;
    return sleep(5_000, undefined, { signal, ref: false });
  };
  await expect(within(100, work, late)).rejects.toThrow("late");
  expect(received?.aborted).toBe(true);
  expect(performance.now() - started).toBeGreaterThan(98);
});

test.each([80, 300, 1_000])("%s ms in which the process is held up do not count", async (pause) => {
  const work = within(100, () => sleep(60 + pause, "answered"), late);
  await sleep(20);
  holdUp(pause);
  expect(await work).toBe("answered");
});

test("but no more than as long again", async () => {
  const started = performance.now();
  const work = within(100, () => sleep(5_000, undefined, { ref: false }), late);
  const failed = expect(work).rejects.toThrow("late");
  for (let n = 0; n < 6; n++) {
    holdUp(100);
    await sleep(1);
  }
  await failed;
  expect(performance.now() - started).toBeLessThan(2_000);
});
