import type { Metrics } from "../../observability/metrics/metrics.ts";
import type { CallerLookup } from "./caller-lookup.ts";
import { createRateLimit, createWindow, quotaFields } from "./rate-limit.ts";

const metrics = { rateLimit: () => {} } as unknown as Metrics;
const away: CallerLookup = async () => ({});

test("without Redis it counts alone, per key, and anew in the next window", async () => {
  let now = 30_000;
  const limit = createRateLimit(away, 2, metrics, () => now);
  const exceeded = [];
  for (const key of ["a", "a", "a", "b"]) exceeded.push((await limit(key)).exceeded);
  expect(exceeded).toEqual([false, false, true, false]);
  now = 60_000;
  expect(await limit("a")).toEqual({ limit: 2, remaining: 1, resetSeconds: 60, exceeded: false });
});

test("Redis decides while it can, and never sees the key", async () => {
  const keys: string[] = [];
  const lookup: CallerLookup = async (key) => {
    keys.push(key);
    return { calls: 3 };
  };
  const limit = createRateLimit(lookup, 2, metrics, () => 59_000);
  expect(await limit("secret-token")).toEqual({ limit: 2, remaining: 0, resetSeconds: 1, exceeded: true });
  expect(JSON.stringify(keys)).not.toContain("secret-token");
});

test("the remaining quota is sent in structured fields", () => {
  const window = createWindow(100, metrics, () => 15_000);
  const fields = quotaFields(window.judge(window.keyOf("u"), 40));
  expect(fields).toEqual(["RateLimit-Policy", '"minute";q=100;w=60', "RateLimit", '"minute";r=60;t=45']);
});
