import { expect, test } from "@jest/globals";
import { credentialsLeaked, verdict } from "./credentials-leaked.ts";

const found = {
  before: { "dev-token": false, "redis-state": false },
  after: { "dev-token": true, "redis-state": true },
  own: { "dev-token": false, "redis-state": false },
  calls: 900,
  failures: 0,
};

test("the attacker is refused, the new credentials are accepted and no call failed: passed", () => {
  expect(verdict(found)).toMatchObject({ passed: true, findings: { controlFails: true } });
});

test.each([
  ["one that is still accepted", { after: { "dev-token": true, "redis-state": false } }, "can still use redis-state"],
  ["a new one that is refused", { own: { "dev-token": true, "redis-state": false } }, "the new dev-token are refused"],
  ["a call that failed", { failures: 1 }, "1 of 900 calls failed"],
  ["a check that refuses everyone", { before: { "dev-token": true, "redis-state": false } }, "before anything"],
])("%s: failed, with the reason", (_, change, reason) => {
  expect(verdict({ ...found, ...change })).toMatchObject({ passed: false, summary: expect.stringContaining(reason) });
});

test("what cannot be tried, and what needs the stack's configuration, is refused", async () => {
  expect(() => credentialsLeaked.check?.({ what: "spare-key" })).toThrow('of "spare-key" nothing can be tried');
  expect(() => credentialsLeaked.check?.({ what: "all" })).not.toThrow();
  const context = { stack: {}, report: () => {} } as never;
  await expect(credentialsLeaked.run(context, {} as never, {})).rejects.toThrow("needs the configuration");
});
