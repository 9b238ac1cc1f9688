import { setTimeout as sleep } from "node:timers/promises";
import { jest } from "@jest/globals";
import { createMetrics } from "../observability/metrics/metrics.ts";
import { POLICIES } from "./policies.ts";
import { createPolicy } from "./policy.ts";
import { createBudget } from "./retry-budget.ts";

const sick = new Error("sick");
const verdicts = { isFailure: (error: unknown) => error === sick, isRetriable: (error: unknown) => error === sick };
const fresh = () => {
  const metrics = createMetrics("1");
  return { policy: createPolicy("database", verdicts, metrics), text: () => metrics.registry.metrics() };
};
const { retries, breaker } = POLICIES.database;

test("retries what may pass, and tells how often", async () => {
  const { policy, text } = fresh();
  const work = jest.fn<() => Promise<string>>().mockRejectedValueOnce(sick).mockResolvedValue("well");
  expect(await policy.execute(work)).toBe("well");
  expect(work).toHaveBeenCalledTimes(2);
  expect(await text()).toContain('media_retries_total{dependency="database"} 1');
});

test("gives up after its retries, and does not retry what is not trouble, nor what may not be repeated", async () => {
  const { policy } = fresh();
  const failing = jest.fn(() => Promise.reject(sick));
  await expect(policy.execute(failing)).rejects.toBe(sick);
  expect(failing).toHaveBeenCalledTimes(1 + retries);
  const wrong = jest.fn(() => Promise.reject(new Error("a bug")));
  await expect(policy.execute(wrong)).rejects.toThrow("a bug");
  expect(wrong).toHaveBeenCalledTimes(1);
  const writing = jest.fn(() => Promise.reject(sick));
  await expect(policy.once(writing)).rejects.toBe(sick);
  expect(writing).toHaveBeenCalledTimes(1);
});

test("opens after failures in a row, refuses at once, lets one through, and closes", async () => {
  const { policy, text } = fresh();
  for (let n = 0; n < breaker.failures; n++) await policy.once(() => Promise.reject(sick)).catch(() => {});
  const work = jest.fn(() => Promise.resolve("well"));
  await expect(policy.once(work)).rejects.toMatchObject({ code: "circuit-open", headers: { "Retry-After": "2" } });
  expect(work).not.toHaveBeenCalled();
  expect(await text()).toContain('media_circuit_state{dependency="database"} 2');
  await sleep(breaker.openMs + 50);
  expect(await policy.once(work)).toBe("well");
  expect(await text()).toContain('media_circuit_state{dependency="database"} 0');
});

test("while one call tries whether the dependency is back, others are refused at once", async () => {
  const { policy } = fresh();
  for (let n = 0; n < breaker.failures; n++) await policy.once(() => Promise.reject(sick)).catch(() => {});
  await sleep(breaker.openMs + 50);
  const trial = policy.once(() => sleep(500, "well"));
  const started = performance.now();
  await expect(policy.once(() => Promise.resolve("well"))).rejects.toMatchObject({ code: "circuit-open" });
  expect(performance.now() - started).toBeLessThan(100);
  expect(await trial).toBe("well");
  expect(await policy.once(() => Promise.resolve("well"))).toBe("well");
});

test("opened by hand it refuses at once, though all is well, and closes by itself in time or when told to", async () => {
  const { policy, text } = fresh();
  const work = jest.fn(() => Promise.resolve("well"));
  policy.hold(1);
  await expect(policy.execute(work)).rejects.toMatchObject({ code: "circuit-open", headers: { "Retry-After": "1" } });
  expect([work.mock.calls.length, policy.circuit()]).toEqual([0, "open"]);
  expect(await text()).toContain('media_circuit_state{dependency="database"} 2');
  await sleep(1_050);
  expect([await policy.execute(work), policy.circuit()]).toEqual(["well", "closed"]);
  policy.hold(600);
  policy.hold(0);
  expect(await policy.once(work)).toBe("well");
});

test("an error that is not trouble does not open the circuit", async () => {
  const { policy } = fresh();
  for (let n = 0; n < breaker.failures * 2; n++)
    await policy.once(() => Promise.reject(new Error("bug"))).catch(() => {});
  expect(await policy.once(() => Promise.resolve("well"))).toBe("well");
});

test("a try that takes too long is given up", async () => {
  const { policy } = fresh();
  const started = performance.now();
  await expect(policy.execute(() => sleep(60_000, undefined, { ref: false }))).rejects.toThrow();
  // Far below the minute that the try would take, and with room for a busy machine.
  expect(performance.now() - started).toBeLessThan(4 * POLICIES.database.attemptMs);
});

test("the budget bounds retries to a share of the calls", () => {
  const budget = createBudget({ burst: 3, perCall: 0.1 });
  let taken = 0;
  for (let call = 0; call < 1_000; call++) {
    budget.earn();
    if (budget.take()) taken += 1;
  }
  expect(taken).toBeGreaterThanOrEqual(100);
  expect(taken).toBeLessThanOrEqual(103);
});

test("every policy can be kept: a try ends before the caller of the next layer gives up", () => {
  for (const { attemptMs, retries: again, retryDelayMs, breaker: circuit, fallback } of Object.values(POLICIES)) {
    expect((again + 1) * attemptMs + again * retryDelayMs.most).toBeLessThan(10_000);
    expect(circuit.openMs).toBeGreaterThanOrEqual(attemptMs);
    expect(fallback).not.toBe("");
  }
});
