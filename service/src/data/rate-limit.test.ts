import { jest } from "@jest/globals";
import type { Redis } from "ioredis";
import type { Metrics } from "../metrics/metrics.ts";
import { createRateLimit } from "./rate-limit.ts";

const metrics = { rateLimit: () => {} } as unknown as Metrics;
const away = { eval: () => Promise.reject(new Error("away")) } as unknown as Redis;

test("without Redis it counts alone, per token, and anew in the next window", async () => {
  let now = 30_000;
  const limit = createRateLimit(away, 2, metrics, () => now);
  expect([await limit("a"), await limit("a"), await limit("a"), await limit("b")]).toEqual([0, 0, 30, 0]);
  now = 60_000;
  expect(await limit("a")).toBe(0);
});

test("Redis decides while it can, and never sees the token", async () => {
  const ask = jest.fn((..._args: unknown[]) => Promise.resolve(3));
  const limit = createRateLimit({ eval: ask } as unknown as Redis, 2, metrics, () => 59_000);
  expect(await limit("secret-token")).toBe(1);
  expect(JSON.stringify(ask.mock.calls)).not.toContain("secret-token");
});
