import { CONTRACT } from "../http/contract/contract.ts";
import type { Operation } from "../http/contract/operation.ts";
import { Limiter, TARGET_WAIT_MS } from "./limiter.ts";
import { PRIORITIES, priorityOf, SHARES } from "./priorities.ts";

const late = TARGET_WAIT_MS + 1;

function fill(limiter: Limiter, priority: (typeof PRIORITIES)[number]): number {
  let entered = 0;
  while (limiter.enter(priority)) entered += 1;
  return entered;
}

test("while nobody waits, the limit is out of the way", () => {
  const limiter = new Limiter();
  expect(fill(limiter, "write")).toBe(1_024);
});

test("requests that wait lower it from what was used; it never closes; it opens again within ten seconds", () => {
  const limiter = new Limiter();
  for (let n = 0; n < 100; n++) limiter.enter("write");
  limiter.adjust(late);
  // One late window may be a burst.
  expect(limiter.limit).toBe(1_024);
  limiter.adjust(late);
  expect(limiter.limit).toBe(80);
  for (let n = 0; n < 100; n++) limiter.leave("write");
  for (let n = 0; n < 100; n++) limiter.adjust(late);
  expect(limiter.limit).toBe(40);
  // 100 windows of 100 ms.
  for (let n = 0; n < 100; n++) limiter.adjust(0);
  expect(limiter.limit).toBeGreaterThan(500);
});

test("a few requests are let in however late they are: it is not they who make the process late", () => {
  const limiter = new Limiter();
  for (let n = 0; n < 1_000; n++) {
    limiter.adjust(10 * late);
    expect(limiter.enter("list")).toBe(true);
    if (n >= 20) limiter.leave("list");
  }
  expect(limiter.inFlight).toBe(20);
});

test("whoever has the smaller share is refused first, and writes find a place when no read does", () => {
  const limiter = new Limiter();
  for (let n = 0; n < 60; n++) limiter.enter("anonymous");
  for (let n = 0; n < 2; n++) limiter.adjust(late);
  // 48 at once; 60 are at work.
  for (let n = 0; n < 60; n++) limiter.leave("anonymous");
  const inTurn = ["anonymous", "list", "interactive", "write"] as const;
  expect(inTurn.map((priority) => fill(limiter, priority))).toEqual([29, 7, 8, 4]);
  expect(limiter.enter("write")).toBe(false);
  limiter.leave("anonymous");
  expect([limiter.enter("interactive"), limiter.enter("write")]).toEqual([false, true]);
});

test("a request's priority is told from its line and whether it has a token", () => {
  expect(priorityOf("GET", "/api/v1/requests?limit=1", true)).toBe("list");
  expect(priorityOf("GET", "/api/v1/requests/7", true)).toBe("interactive");
  expect(priorityOf("POST", "/api/v1/requests", true)).toBe("write");
  expect(priorityOf("GET", "/api/v1/requests", false)).toBe("anonymous");
  const paged = (Object.values(CONTRACT) as Operation[]).filter(({ query }) => "cursor" in (query?.shape ?? {}));
  expect(paged.length).toBeGreaterThan(2);
  for (const { path } of paged) expect(priorityOf("GET", path, true)).toBe("list");
  expect(PRIORITIES.map((name) => SHARES[name])).toEqual([...Object.values(SHARES)].sort((a, b) => b - a));
});
