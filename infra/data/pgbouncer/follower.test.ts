import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, beforeEach, expect, test } from "@jest/globals";
import { Change } from "./follower.fixtures.ts";

/** A planned change of the primary under writes, with real servers: what clients see, with the follower and without it. */

let change: Change;
beforeAll(async () => {
  change = await Change.start();
}, 60_000);
afterAll(() => change?.stop());
beforeEach(() => change.writers.clear());

test("the primary asks and hands over: no client sees an error, no acknowledged row is lost, and they wait for the change alone", async () => {
  await change.writers.run(async () => {
    expect(await change.askToPause()).toMatchObject({ status: 200 });
    await change.members.handOver();
    await change.writers.acknowledge(50);
  });
  expect(change.writers.errors).toEqual([]);
  expect(await change.lost()).toEqual([]);
  expect(change.said()).toMatch(/clients waited for \d\.\d+ s: the primary is 127\.0\.0\.1 on timeline 00000002/);
}, 60_000);

test("negative control: the same change without the question breaks connections", async () => {
  await change.writers.run(async () => {
    await change.members.handOver();
    await change.writers.acknowledge(50);
  });
  expect(change.writers.errors.length).toBeGreaterThan(0);
}, 60_000);

test("a primary that restarts in its place is followed too", async () => {
  await change.writers.run(async () => {
    await change.askToPause();
    await change.members.restart();
    await change.writers.acknowledge(50);
  });
  expect(change.writers.errors).toEqual([]);
  expect(await change.lost()).toEqual([]);
}, 60_000);

test("a pause that no change follows ends by itself, before any client gives up", async () => {
  await change.writers.run(async () => {
    await change.askToPause();
    const before = change.writers.acknowledged.length;
    await sleep(500);
    // Those that were under way may have had their answer.
    expect(change.writers.acknowledged.length - before).toBeLessThanOrEqual(change.writers.count);
    await change.writers.acknowledge(50);
  });
  expect(change.writers.errors).toEqual([]);
  expect(change.said()).toContain("no primary within 3.0 s");
}, 60_000);

test("a transaction that does not end delays the stop for a second, and breaks alone", async () => {
  await change.withOpenTransaction(async () => {
    await change.writers.run(async () => {
      const from = performance.now();
      expect(await change.askToPause()).toMatchObject({ status: 200, text: expect.stringContaining("still run") });
      expect(performance.now() - from).toBeLessThan(2500);
      await change.members.restart();
      await change.writers.acknowledge(50);
    });
  });
  expect(change.writers.errors).toEqual([]);
}, 60_000);

test("who is not the primary pauses nothing, and nobody outside the pod is let to the console", async () => {
  expect(await change.askToPause("127.0.0.2")).toMatchObject({ status: 409 });
  await change.writers.run(() => change.writers.acknowledge(20));
  expect(change.writers.errors).toEqual([]);
  await expect(change.console("127.0.0.2")).rejects.toThrow(/reject|no entry|auth/i);
  await expect(change.console("127.0.0.1")).resolves.toBeUndefined();
}, 60_000);
