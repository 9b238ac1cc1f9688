import { Limiter } from "./limiter.ts";

const bounds = { targetMs: 20, least: 40, increase: 4 };
const late = bounds.targetMs + 1;

function fill(limiter: Limiter, share = 1): number {
  let entered = 0;
  for (; limiter.hasRoom(share); entered += 1) limiter.enter();
  return entered;
}

test("while no request waits, the limit is out of the way", () => {
  expect(fill(new Limiter(bounds))).toBe(1_024);
});

test("requests that wait lower it from what was used; it never closes; it opens again within ten seconds", () => {
  const limiter = new Limiter(bounds);
  for (let n = 0; n < 100; n++) limiter.enter();
  limiter.adjust(late);
  // One late window may be a burst.
  expect(limiter.limit).toBe(1_024);
  limiter.adjust(late);
  expect(limiter.limit).toBe(80);
  for (let n = 0; n < 100; n++) limiter.leave();
  for (let n = 0; n < 100; n++) limiter.adjust(late);
  expect(limiter.limit).toBe(40);
  // 100 windows of 100 ms.
  for (let n = 0; n < 100; n++) limiter.adjust(0);
  expect(limiter.limit).toBeGreaterThan(400);
});

test("a few requests are let in however late they are: it is not they who make others wait", () => {
  const limiter = new Limiter(bounds);
  for (let n = 0; n < 1_000; n++) {
    limiter.adjust(10 * late);
    expect(limiter.hasRoom(0.75)).toBe(true);
    limiter.enter();
    if (n >= 20) limiter.leave();
  }
  expect(limiter.inFlight).toBe(20);
});

test("the smaller share is refused first, and the largest finds a place when no other does", () => {
  const limiter = new Limiter(bounds);
  for (let n = 0; n < 60; n++) limiter.enter();
  for (let n = 0; n < 2; n++) limiter.adjust(late);
  // 48 at once; 60 are at work.
  for (let n = 0; n < 60; n++) limiter.leave();
  expect([0.6, 0.75, 0.9, 1].map((share) => fill(limiter, share))).toEqual([29, 7, 8, 4]);
  expect(limiter.hasRoom(1)).toBe(false);
  limiter.leave();
  expect([limiter.hasRoom(0.9), limiter.hasRoom(1)]).toEqual([false, true]);
});
